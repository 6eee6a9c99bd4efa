"use client";
import { memo } from "react";
import { useTranslations } from "use-intl";
import { useHost } from "@/app/_trpc/live";
import { useClock } from "@/app/_ui/clock";
import { useFormat } from "@/app/_ui/format";
import { StateMark } from "@/app/_ui/state-mark";
import type { StepView } from "@/server/domains/operations/schema";
import { SHAPES } from "./operation-words";
import { stepDuration } from "./progress";

interface StepLineProps {
  step: StepView;
  /** Its place in the order; null where a heading says it, or there is no order. */
  number: number | null;
  /** Say the action: the operation has steps of several kinds. */
  withAction: boolean;
  /** Leave the explanation away: a line above has given it. */
  isQuiet: boolean;
}

/** One step: its mark, its container and host, how long it took, and what went wrong. */
export const StepLine = memo(function StepLine({ step, number, withAction, isQuiet }: StepLineProps) {
  const t = useTranslations("operations");
  const format = useFormat();
  const host = useHost(step.hostId);
  const took = useClock((now) => {
    const span = stepDuration(step, now);
    return span === null ? null : step.finishedAt === null ? format.span(span) : format.took(span);
  });
  const needsHint = step.state === "checking" || step.state === "unknown" || step.state === "skipped" || step.state === "expired" || (step.state === "waiting" && host?.link !== "up");
  return (
    <li className="flex flex-col py-[3px] text-12">
      <span className="flex items-center gap-2">
        <span className="min-w-0 flex-1 truncate">
          {number === null ? null : <span className="mr-2 inline-block min-w-[14px] text-right text-ink-3">{number}</span>}
          {withAction ? <span className="text-ink-2">{t(`action.${step.action}`)} </span> : null}
          {step.name} <span className="text-ink-3">{host?.name ?? ""}</span>
        </span>
        <StateMark shape={SHAPES[step.state]} className="shrink-0">
          {t(`step.${step.state}`)}
        </StateMark>
        <span className="w-[58px] shrink-0 text-right text-ink-3">{took ?? "–"}</span>
      </span>
      {step.error ? (
        <span className="pt-0.5 text-bad">
          {step.error.message} <span className="text-ink-3">{t("drawer.errorCode", { code: step.error.code })}</span>
        </span>
      ) : null}
      {needsHint && !isQuiet ? <span className="pt-0.5 text-ink-3">{t(`stepHint.${step.state as "checking" | "unknown" | "skipped" | "expired" | "waiting"}`)}</span> : null}
    </li>
  );
});
