"use client";
import { useMemo } from "react";
import { useTranslations } from "use-intl";
import type { Denial } from "@/app/_features/containers/eligibility";

/** Says why something cannot be asked for, and whom to ask. */
export function useDenialText(): (denial: Denial) => string {
  const t = useTranslations("operations");
  return useMemo(
    () => (denial: Denial) => {
      switch (denial.kind) {
        case "permission":
          return t("denied.permission", { role: t(`role.${denial.from}`) });
        case "policy":
          return denial.allow === "view" ? t("denied.policyView", { host: denial.host }) : t("denied.policyOperate", { host: denial.host });
        case "revoked":
          return t("denied.revoked", { host: denial.host });
        case "state":
          return t(`denied.state.${denial.state}`);
      }
    },
    [t],
  );
}
