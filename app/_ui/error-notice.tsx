"use client";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { Button } from "./button";
import { CopyButton } from "./copy-button";
import { Notice } from "./notice";

interface ErrorNoticeProps {
  /** What did not work, in the person's language. */
  title: ReactNode;
  /** Why, and what to do. */
  children?: ReactNode;
  /** To look it up in the server's log; absent where there is none. */
  id?: string | null;
  onRetry?: () => void;
  onClose?: () => void;
}

/** An error in its place: what, why, what next, and an id to copy. It stays until it was read. */
export function ErrorNotice({ title, children, id, onRetry, onClose }: ErrorNoticeProps) {
  const t = useTranslations("ui");
  return (
    <Notice
      tone="bad"
      role="alert"
      title={title}
      actions={
        <>
          {onRetry ? <Button onClick={onRetry}>{t("tryAgain")}</Button> : null}
          {onClose ? (
            <Button tone="quiet" onClick={onClose}>
              {t("dismiss")}
            </Button>
          ) : null}
        </>
      }
    >
      {children}
      {id ? (
        <p className="mt-1 flex flex-wrap items-center gap-2 text-12">
          <span>{t("errorId")}</span> <code>{id}</code>
          <CopyButton text={id} tone="quiet" className="h-[22px]! min-h-0! px-1.5!" />
        </p>
      ) : null}
    </Notice>
  );
}
