"use client";
import { useTranslations } from "use-intl";
import type { RunInput } from "@/server/domains/operations/schema";

type Signal = NonNullable<RunInput["signal"]>;
/** In the order of how often they are wanted. */
export const SIGNALS = ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const satisfies readonly Signal[];

/** Which signal to send, with what each usually does. */
export function SignalChoice({ value, onChange }: { value: Signal; onChange: (signal: Signal) => void }) {
  const t = useTranslations("operations");
  return (
    <fieldset>
      <legend className="mb-1.5 font-medium">{t("ask.signal")}</legend>
      <div className="flex flex-col gap-1">
        {SIGNALS.map((signal) => (
          <label key={signal} className="flex items-baseline gap-2 max-desk:min-h-[36px]">
            <input type="radio" name="signal" checked={signal === value} onChange={() => onChange(signal)} className="translate-y-0.5 accent-(--accent)" />
            <code>{signal}</code>
            <span className="text-12 text-ink-2">{t(`ask.signalHint.${signal}`)}</span>
          </label>
        ))}
      </div>
      {value === "SIGKILL" ? <p className="mt-2 text-12 text-ink-2">{t("ask.killNote")}</p> : null}
    </fieldset>
  );
}
