"use client";
import Link from "next/link";
import { useTranslations } from "use-intl";
import { AuthFrame } from "@/app/_features/auth/auth-frame";
import { Button } from "@/app/_ui/button";

/** Says that an address leads nowhere, and the way back. */
export function NotFound() {
  const t = useTranslations("shell.notFound");
  return (
    <AuthFrame>
      <h1>{t("title")}</h1>
      <p className="text-ink-2">{t("next")}</p>
      <p>
        <Button asChild tone="primary">
          <Link href="/">{t("home")}</Link>
        </Button>
      </p>
    </AuthFrame>
  );
}
