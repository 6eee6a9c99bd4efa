"use client";
import { useTranslations } from "use-intl";
import { ErrorNotice } from "@/app/_ui/error-notice";
import { readFailure } from "./failure";

/** A failed call, where it was made: our text for its code, the server's sentence, the id. */
export function FailureNotice({ error, onRetry, onClose }: { error: unknown; onRetry?: () => void; onClose?: () => void }) {
  const t = useTranslations("errors");
  const failure = readFailure(error);
  return (
    <ErrorNotice title={t(failure.code)} id={failure.id} {...(onRetry ? { onRetry } : {})} {...(onClose ? { onClose } : {})}>
      {failure.code === "unreachable" ? t("unreachableNext") : failure.sentence}
    </ErrorNotice>
  );
}
