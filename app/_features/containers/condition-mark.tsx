"use client";
import { useTranslations } from "use-intl";
import { useClock } from "@/app/_ui/clock";
import { useFormat } from "@/app/_ui/format";
import { StateMark, type StateShape, type StateTone } from "@/app/_ui/state-mark";
import type { Condition } from "./condition";
import { stateWord } from "./condition";
import type { FleetRow } from "./fleet-row";

/** The mark of each condition. A paused container is halfway, by somebody's will. */
export const CONDITION_MARKS: Record<Condition, { shape: StateShape; tone?: StateTone }> = {
  running: { shape: "running" },
  starting: { shape: "starting" },
  failing: { shape: "failing" },
  paused: { shape: "starting", tone: "warn" },
  stopped: { shape: "ended" },
  unknown: { shape: "unknown" },
};

/** What a container is now: mark, word, exit code; for a host that is not heard, since when nobody knows. */
export function ConditionMark({ row }: { row: FleetRow }) {
  const t = useTranslations("containers");
  if (row.condition === "unknown") return <UnknownMark at={row.container.confirmedAt} />;
  const { word, exitCode } = stateWord(row.container);
  const text = t(`word.${word}`);
  return (
    <StateMark {...CONDITION_MARKS[row.condition]}>
      <span {...(row.container.error ? { title: row.container.error } : {})}>{exitCode === null ? text : t("wordWithCode", { word: text, code: exitCode })}</span>
    </StateMark>
  );
}

function UnknownMark({ at }: { at: number }) {
  const t = useTranslations("containers");
  const format = useFormat();
  const age = useClock((now) => format.ago(now - at));
  return (
    <StateMark shape="unknown">
      <span title={format.full(at)}>
        {t("condition.unknown")} · {t("confirmedAgo", { age })}
      </span>
    </StateMark>
  );
}
