"use client";
import type { FormEvent } from "react";
import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import { useTRPC } from "@/app/_trpc/client";
import { readFailure } from "@/app/_trpc/failure";
import { Button } from "@/app/_ui/button";
import { Input } from "@/app/_ui/field";
import { HostName } from "@/server/domains/hosts/schema";

/** The host's name as a field, in its place. Enter saves, Escape leaves it as it was. */
export function HostRename({ id, name, onDone }: { id: string; name: string; onDone: () => void }) {
  const t = useTranslations("hosts.rename");
  const tErrors = useTranslations("errors");
  const trpc = useTRPC();
  const [text, setText] = useState(name);
  const rename = useMutation(trpc.hosts.rename.mutationOptions({ onSuccess: onDone }));
  const isValid = HostName.safeParse(text).success;
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === name) onDone();
    else if (isValid) rename.mutate({ id, name: text.trim() });
  };
  const failure = rename.isError ? readFailure(rename.error) : null;
  return (
    <form onSubmit={save} onKeyDown={(event) => event.key === "Escape" && onDone()} className="flex min-w-0 flex-wrap items-center gap-1.5">
      <Input aria-label={t("label")} title={t("hint")} value={text} maxLength={128} autoFocus onFocus={(event) => event.target.select()} onChange={(event) => setText(event.target.value)} aria-invalid={!isValid || undefined} className="h-[26px]! max-w-[150px] max-desk:max-w-none max-desk:h-[44px]!" />
      <Button type="submit" tone="primary" busy={rename.isPending} disabled={!isValid} className="h-[26px]!">
        {t("save")}
      </Button>
      <Button tone="quiet" onClick={onDone} className="h-[26px]!">
        {t("cancel")}
      </Button>
      {failure ? (
        <span role="alert" className="basis-full text-12 whitespace-normal text-bad">
          {tErrors(failure.code)} {failure.sentence}
        </span>
      ) : null}
    </form>
  );
}
