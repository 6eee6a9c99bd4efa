"use client";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslations } from "use-intl";
import type { AddressTest } from "@/server/domains/settings/schema";
import { PublicUrl } from "@/server/domains/settings/schema";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Button } from "@/app/_ui/button";
import { Field, Input } from "@/app/_ui/field";
import { Notice } from "@/app/_ui/notice";

/** An address is tried once the typing rests this long. */
const REST_MS = 700;

type Result = { state: "idle" } | { state: "testing" } | { state: "bad" } | { state: "error"; error: unknown } | { state: "answer"; answer: AddressTest };

interface AddressFieldProps {
  value: string;
  onChange: (address: string) => void;
  /** Asks the server to reach itself by that address. */
  test: (url: string) => Promise<AddressTest>;
  /** Show at once that it cannot be an address. */
  invalid?: boolean;
  readOnly?: boolean;
  hint?: string;
}

/** What the server found at the address, in a sentence. */
function Finding({ result, onRetry }: { result: Result; onRetry: () => void }) {
  const t = useTranslations("settings.address");
  if (result.state === "idle" || result.state === "bad") return null;
  if (result.state === "testing") return <p role="status" className="text-12 text-ink-2">{t("testing")}</p>;
  if (result.state === "error") return <FailureNotice error={result.error} onRetry={onRetry} />;
  const { answer } = result;
  if (!answer.ok) {
    return (
      <Notice tone="bad" role="status" title={t(`failed.${answer.reason}`)}>
        <p>{t(`failedNext.${answer.reason}`)}</p>
        {answer.detail ? <p className="mt-1 text-12">{answer.detail}</p> : null}
      </Notice>
    );
  }
  if ("warning" in answer) {
    return (
      <Notice tone="warn" role="status" title={t("loopback")}>
        {t("loopbackNext")}
      </Notice>
    );
  }
  return (
    <Notice tone="ok" role="status">
      {t("works")}
    </Notice>
  );
}

/** The address that other hosts and browsers use, tried as it is typed and by a button. */
export function AddressField({ value, onChange, test, invalid = false, readOnly = false, hint }: AddressFieldProps) {
  const t = useTranslations("settings.address");
  const [result, setResult] = useState<Result>({ state: "idle" });
  const latest = useRef(0);

  const run = useCallback(
    async (url: string) => {
      const mine = ++latest.current;
      const tell = (next: Result) => {
        // An answer about an address that was typed over since says nothing.
        if (mine === latest.current) setResult(next);
      };
      if (!PublicUrl.safeParse(url).success) return tell({ state: "bad" });
      tell({ state: "testing" });
      try {
        tell({ state: "answer", answer: await test(url) });
      } catch (error) {
        tell({ state: "error", error });
      }
    },
    [test],
  );

  useEffect(() => {
    const timer = setTimeout(() => void run(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value, run]);

  return (
    <div className="flex flex-col gap-2">
      <Field label={t("label")} hint={hint ?? t("hint")} error={(invalid || result.state === "bad") && !PublicUrl.safeParse(value).success ? t("bad") : null}>
        {(control) => (
          <div className="flex gap-2">
            <Input {...control} type="url" name="address" inputMode="url" autoComplete="off" spellCheck={false} readOnly={readOnly} value={value} onChange={(event) => onChange(event.target.value)} className="font-mono text-12!" />
            <Button onClick={() => void run(value)} busy={result.state === "testing"} className="h-[32px]! max-desk:h-[44px]!">
              {t("test")}
            </Button>
          </div>
        )}
      </Field>
      <Finding result={result} onRetry={() => void run(value)} />
    </div>
  );
}
