"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { useEffect, useSyncExternalStore } from "react";
import { useTranslations } from "use-intl";
import { useTRPC } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Button } from "@/app/_ui/button";
import { CopyButton } from "@/app/_ui/copy-button";
import { Notice } from "@/app/_ui/notice";
import { SetUpForm } from "./set-up-form";
import { hideSecret, readSecret } from "./setup-secret";

const LINK_COMMAND = "npm run binnacle -- setup-link";

/** The link may be opened again in this very tab. */
function onHashChange(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

/** A line to type on the server's machine. */
function CommandLine({ text }: { text: string }) {
  return (
    <div className="mt-2 flex flex-wrap items-center gap-2">
      <code className="min-w-0 flex-1 rounded-control border border-line bg-bg px-2.5 py-1.5 text-ink">{text}</code>
      <CopyButton text={text} />
    </div>
  );
}

function NeedsLink({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Notice tone="warn" title={title}>
      <p>{children}</p>
      <CommandLine text={LINK_COMMAND} />
    </Notice>
  );
}

/** The first visit: makes the administrator, by the link that the console printed. */
export function SetUp() {
  const t = useTranslations("auth.setUp");
  const trpc = useTRPC();
  const status = useQuery(trpc.setup.status.queryOptions());
  const { mutate: check, ...checked } = useMutation(trpc.setup.check.mutationOptions());
  // undefined while the server renders: it never sees what stands behind the #.
  const secret = useSyncExternalStore<string | null | undefined>(onHashChange, readSecret, () => undefined);
  useEffect(() => {
    if (!secret) return;
    hideSecret();
    check({ secret });
  }, [secret, check]);

  const body = () => {
    if (status.data && !status.data.needed) {
      return (
        <Notice tone="ok" title={t("done")} actions={<Button asChild tone="primary"><Link href="/sign-in">{t("toSignIn")}</Link></Button>}>
          {t("doneNext")}
        </Notice>
      );
    }
    if (status.error) return <FailureNotice error={status.error} onRetry={() => void status.refetch()} />;
    if (secret === null) return <NeedsLink title={t("noSecret")}>{t("noSecretNext")}</NeedsLink>;
    if (checked.error) return <FailureNotice error={checked.error} onRetry={() => secret && check({ secret })} />;
    if (checked.data && !checked.data.ok) return <NeedsLink title={t("deadLink")}>{t("deadLinkNext")}</NeedsLink>;
    if (!checked.data || !secret || !status.data) return <p className="text-ink-2" role="status">{t("checking")}</p>;
    return <SetUpForm secret={secret} />;
  };
  return (
    <>
      <div>
        <h1>{t("title")}</h1>
        {status.data?.needed === false ? null : <p className="mt-1 text-ink-2">{t("intro")}</p>}
      </div>
      {body()}
    </>
  );
}
