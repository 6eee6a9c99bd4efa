import { createTranslator } from "use-intl/core";
import { describe, expect, it } from "vitest";
import en from "@/messages/en/now.json";
import ko from "@/messages/ko/now.json";

describe("why something needs a person", () => {
  for (const [locale, now] of [["en", en], ["ko", ko]] as const) {
    it(`names no exit code where there is none (${locale}): unknown is not zero`, () => {
      const t = createTranslator({ locale, messages: { now } as { now: typeof en } });
      for (const fault of ["restarting", "exited", "dead"] as const) {
        expect(t(`now.why.${fault}`, { code: "none", policy: "always" })).not.toMatch(/\d|none/);
        expect(t(`now.why.${fault}`, { code: "137", policy: "always" })).toContain("137");
      }
    });
  }
});
