"use client";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { useTRPC } from "@/app/_trpc/client";
import { Button } from "@/app/_ui/button";
import { Field, Input } from "@/app/_ui/field";
import { Notice } from "@/app/_ui/notice";
import { Panel } from "@/app/_ui/panel";
import type { SignInResult } from "./credentials";
import { signIn } from "./credentials";
import { PasswordField } from "./password-field";

/** Before anybody is administrator there is nobody to sign in: says where the set-up link is. */
function NotSetUp() {
  const t = useTranslations("auth.signIn");
  const trpc = useTRPC();
  const status = useQuery(trpc.setup.status.queryOptions());
  if (!status.data?.needed) return null;
  return (
    <Notice tone="info" title={t("notSetUp")}>
      <p>{t("notSetUpNext")}</p>
      <code className="mt-1 block">npm run binnacle -- setup-link</code>
    </Notice>
  );
}

/** E-mail and password. What went wrong is one sentence, the same for a wrong password and an unknown e-mail. */
export function SignInForm({ next }: { next: string }) {
  const t = useTranslations("auth.signIn");
  const [result, setResult] = useState<SignInResult | null>(null);
  const [busy, setBusy] = useState(false);
  async function submit(form: FormData) {
    setBusy(true);
    const answer = await signIn(String(form.get("email")), String(form.get("password")));
    setResult(answer);
    // A whole load: the new page begins with the new session, and password managers see a finished sign-in.
    if (answer === "ok") location.assign(next);
    else setBusy(false);
  }
  return (
    <>
      <h1>{t("title")}</h1>
      <NotSetUp />
      <Panel className="px-4 py-4">
        <form
          method="post"
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            void submit(new FormData(event.currentTarget));
          }}
        >
          <Field label={t("email")}>{(control) => <Input {...control} type="email" name="email" autoComplete="username" required autoFocus maxLength={254} />}</Field>
          <PasswordField label={t("password")} autoComplete="current-password" />
          {result && result !== "ok" ? (
            <Notice tone="bad" role="alert">
              {t(`failed.${result}`)}
            </Notice>
          ) : null}
          <Button type="submit" tone="primary" busy={busy} className="h-[34px]!">
            {busy ? t("busy") : t("submit")}
          </Button>
        </form>
      </Panel>
    </>
  );
}
