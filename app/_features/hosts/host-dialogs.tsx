"use client";
import type { ReactNode } from "react";
import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import { useTRPC } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Button } from "@/app/_ui/button";
import { Dialog } from "@/app/_ui/dialog";
import { Field, Input } from "@/app/_ui/field";
import type { HostView } from "@/server/domains/fleet/schema";
import { readTags } from "./tags-text";

export type HostQuestion = "tags" | "revoke" | "forget";

interface HostDialogProps {
  host: HostView;
  onClose: () => void;
  /** The host is gone from here on. */
  onForgotten?: () => void;
}

/** The question that belongs to an entry of the host's menu. */
export function HostDialog({ question, ...rest }: HostDialogProps & { question: HostQuestion }) {
  if (question === "tags") return <TagsDialog {...rest} />;
  return question === "revoke" ? <RevokeDialog {...rest} /> : <ForgetDialog {...rest} />;
}

function TagsDialog({ host, onClose }: HostDialogProps) {
  const t = useTranslations("hosts");
  const trpc = useTRPC();
  const [text, setText] = useState(host.tags.join(" "));
  const save = useMutation(trpc.hosts.setTags.mutationOptions({ onSuccess: onClose }));
  const read = readTags(text);
  const error = "wrong" in read ? t("tags.wrong", { tag: read.wrong }) : "tooMany" in read ? t("tags.tooMany") : null;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("tags.title", { name: host.name })}
      footer={
        <>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button tone="primary" type="submit" form="host-tags" busy={save.isPending} disabled={!("tags" in read)}>
            {t("tags.save")}
          </Button>
        </>
      }
    >
      <form
        id="host-tags"
        onSubmit={(event) => {
          event.preventDefault();
          if ("tags" in read) save.mutate({ id: host.id, tags: read.tags });
        }}
      >
        <Field label={t("tags.label")} hint={t("tags.hint")} error={error}>
          {(control) => <Input {...control} value={text} onChange={(event) => setText(event.target.value)} autoComplete="off" spellCheck={false} />}
        </Field>
      </form>
      {save.isError ? <FailureNotice error={save.error} /> : null}
    </Dialog>
  );
}

interface ConfirmProps {
  title: ReactNode;
  children: ReactNode;
  go: ReactNode;
  busy: boolean;
  error: unknown;
  onGo: () => void;
  onClose: () => void;
}
function Confirm({ title, children, go, busy, error, onGo, onClose }: ConfirmProps) {
  const t = useTranslations("hosts");
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={title}
      footer={
        <>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button tone="danger" busy={busy} onClick={onGo}>
            {go}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-2">{children}</div>
      {error ? <FailureNotice error={error} /> : null}
    </Dialog>
  );
}

function RevokeDialog({ host, onClose }: HostDialogProps) {
  const t = useTranslations("hosts.revoke");
  const trpc = useTRPC();
  const revoke = useMutation(trpc.hosts.revoke.mutationOptions({ onSuccess: onClose }));
  return (
    <Confirm title={t("title", { name: host.name })} go={t("do")} busy={revoke.isPending} error={revoke.error} onGo={() => revoke.mutate({ id: host.id })} onClose={onClose}>
      <p>{t("what")}</p>
      <p className="text-ink-2">{t("stays")}</p>
      <p className="text-ink-2">{t("back")}</p>
    </Confirm>
  );
}

function ForgetDialog({ host, onClose, onForgotten }: HostDialogProps) {
  const t = useTranslations("hosts.forget");
  const trpc = useTRPC();
  const forget = useMutation(
    trpc.hosts.forget.mutationOptions({
      onSuccess: () => {
        onClose();
        onForgotten?.();
      },
    }),
  );
  return (
    <Confirm title={t("title", { name: host.name })} go={t("do")} busy={forget.isPending} error={forget.error} onGo={() => forget.mutate({ id: host.id })} onClose={onClose}>
      <p>{t("what")}</p>
      <p className="text-ink-2">{t("back")}</p>
    </Confirm>
  );
}
