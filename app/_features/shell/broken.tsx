"use client";
import { useTranslations } from "use-intl";
import { ErrorNotice } from "@/app/_ui/error-notice";

/** A mistake in this page itself: what, what next, and the id under which the server logged it, if it did. */
export function Broken({ id, onRetry }: { id: string | null; onRetry: () => void }) {
  const t = useTranslations("shell.broken");
  return (
    <ErrorNotice title={t("title")} id={id} onRetry={onRetry}>
      {t("next")}
    </ErrorNotice>
  );
}
