"use client";
import { useMutation } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { useTranslations } from "use-intl";
import { Email } from "@/server/domains/accounts/schema";
import { PublicUrl } from "@/server/domains/settings/schema";
import { AddressField } from "@/app/_features/settings/address-field";
import { useTRPC, useTRPCClient } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Button } from "@/app/_ui/button";
import { Field, Input } from "@/app/_ui/field";
import { Notice } from "@/app/_ui/notice";
import { Panel } from "@/app/_ui/panel";
import { signIn } from "./credentials";
import { PASSWORD_MIN, PasswordField } from "./password-field";

interface Faults {
  name?: boolean;
  email?: boolean;
  password?: boolean;
  address?: boolean;
}

/** The first administrator, and the address that other hosts use. */
export function SetUpForm({ secret }: { secret: string }) {
  const t = useTranslations("auth.setUp");
  const trpc = useTRPC();
  const client = useTRPCClient();
  const claim = useMutation(trpc.setup.claim.mutationOptions());
  const [address, setAddress] = useState(() => location.origin);
  const [faults, setFaults] = useState<Faults>({});
  const [left, setLeft] = useState<number | null>(null);
  const [signInFailed, setSignInFailed] = useState(false);
  const test = useCallback((url: string) => client.setup.testAddress.mutate({ secret, url }), [client, secret]);

  async function submit(element: HTMLFormElement) {
    const form = new FormData(element);
    const name = String(form.get("name")).trim();
    const email = Email.safeParse(String(form.get("email")));
    const password = String(form.get("password"));
    const publicUrl = PublicUrl.safeParse(address);
    const found = { name: !name, email: !email.success, password: password.length < PASSWORD_MIN, address: !publicUrl.success };
    setFaults(found);
    const wrong = (["name", "email", "password", "address"] as const).find((field) => found[field]);
    if (wrong || !email.success || !publicUrl.success) {
      element.querySelector<HTMLInputElement>(`input[name="${wrong}"]`)?.focus();
      return;
    }
    await claim.mutateAsync({ secret, name, email: email.data, password, publicUrl: publicUrl.data });
    if ((await signIn(email.data, password)) === "ok") location.assign("/");
    else setSignInFailed(true);
  }

  if (signInFailed) {
    return (
      <Notice tone="ok" title={t("done")} actions={<Button tone="primary" onClick={() => location.assign("/sign-in")}>{t("toSignIn")}</Button>}>
        {t("doneNext")}
      </Notice>
    );
  }
  return (
    <Panel className="px-4 py-4">
      <form
        method="post"
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          // A refused claim is shown below from the mutation itself.
          submit(event.currentTarget).catch(() => undefined);
        }}
      >
        <Field label={t("name")} error={faults.name ? t("nameMissing") : null}>
          {(control) => <Input {...control} name="name" autoComplete="name" required autoFocus maxLength={100} />}
        </Field>
        <Field label={t("email")} hint={t("emailHint")} error={faults.email ? t("emailBad") : null}>
          {(control) => <Input {...control} type="email" name="email" autoComplete="username" required maxLength={254} />}
        </Field>
        <PasswordField
          label={t("password")}
          autoComplete="new-password"
          hint={left !== null && left > 0 ? t("passwordLeft", { count: left }) : t("passwordHint", { count: PASSWORD_MIN })}
          error={faults.password ? t("passwordShort", { count: PASSWORD_MIN }) : null}
          onChange={(password) => setLeft(password ? PASSWORD_MIN - password.length : null)}
        />
        <AddressField value={address} onChange={setAddress} test={test} invalid={faults.address ?? false} />
        {claim.error ? <FailureNotice error={claim.error} /> : null}
        <Button type="submit" tone="primary" busy={claim.isPending || claim.isSuccess} className="h-[34px]!">
          {claim.isPending || claim.isSuccess ? t("busy") : t("submit")}
        </Button>
      </form>
    </Panel>
  );
}
