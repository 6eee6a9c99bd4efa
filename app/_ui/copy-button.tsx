"use client";
import { useEffect, useState } from "react";
import { useTranslations } from "use-intl";
import { Button } from "./button";
import { CheckIcon, CopyIcon } from "./icons";

const SHOWN_MS = 2_000;

/** Copies on plain http too, where the browser has no clipboard object. Returns whether it worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not a secure context, or not allowed: the old way, through a selection.
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.cssText = "position:fixed;opacity:0";
  // Inside an open dialog focus may not leave it.
  (document.querySelector('[role="dialog"]') ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

interface CopyButtonProps {
  text: string;
  /** What it says; absent: "Copy". */
  label?: string;
  tone?: "plain" | "primary" | "quiet";
  className?: string;
}

/** Says "Copied" for two seconds where it was pressed. */
export function CopyButton({ text, label, tone = "plain", className }: CopyButtonProps) {
  const t = useTranslations("ui");
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button tone={tone} {...(className ? { className } : {})} onClick={() => void copyText(text).then(setCopied)}>
      {copied ? <CheckIcon /> : <CopyIcon />}
      <span aria-live="polite">{copied ? t("copied") : (label ?? t("copy"))}</span>
    </Button>
  );
}
