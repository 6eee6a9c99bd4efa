"use client";
import type { ReactNode } from "react";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { Field, Input } from "@/app/_ui/field";

/** Matches `Password` in the accounts schema. */
export const PASSWORD_MIN = 10;
export const PASSWORD_MAX = 200;

interface PasswordFieldProps {
  label: string;
  autoComplete: "current-password" | "new-password";
  hint?: ReactNode;
  error?: ReactNode;
  onChange?: (password: string) => void;
}

/** A password, with a switch that shows it. */
export function PasswordField({ label, autoComplete, hint, error, onChange }: PasswordFieldProps) {
  const t = useTranslations("auth.password");
  const [shown, setShown] = useState(false);
  return (
    <Field
      label={label}
      hint={hint}
      error={error}
      aside={
        <button type="button" aria-pressed={shown} aria-label={shown ? t("hideLabel") : t("showLabel")} onClick={() => setShown(!shown)} className="rounded-small px-1 text-12 text-accent">
          {shown ? t("hide") : t("show")}
        </button>
      }
    >
      {(control) => (
        <Input
          {...control}
          type={shown ? "text" : "password"}
          name="password"
          autoComplete={autoComplete}
          required
          maxLength={PASSWORD_MAX}
          autoCapitalize="none"
          spellCheck={false}
          {...(onChange ? { onChange: (event) => onChange(event.target.value) } : {})}
        />
      )}
    </Field>
  );
}
