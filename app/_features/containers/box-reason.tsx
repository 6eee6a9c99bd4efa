"use client";
import { useTranslations } from "use-intl";
import { StateMark } from "@/app/_ui/state-mark";
import type { BoxSummary } from "@/server/domains/fleet/schema";

/** Why a black box was kept: shape, colour, word, and the exit code where there is one. */
export function BoxReason({ box }: { box: BoxSummary }) {
  const t = useTranslations("containers");
  const { event } = box;
  if (event === null) return <StateMark shape="ended">{t("box.reasonLost")}</StateMark>;
  const word = event.kind === "oom" ? t("change.oom") : event.kind === "health" ? t("box.unhealthy") : event.kind === "die" ? t(event.asked ? "change.ended" : "change.died") : t(`change.${event.kind}`);
  const isFault = !event.asked && event.exitCode !== 0;
  return <StateMark shape={isFault ? "failing" : "ended"}>{event.exitCode === null ? word : t("box.withExit", { word, code: event.exitCode })}</StateMark>;
}
