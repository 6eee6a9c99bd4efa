"use client";
import { useMemo } from "react";
import { useTranslations } from "use-intl";
import { openOperations } from "@/app/_features/shell/overlays";
import { useOperations } from "@/app/_trpc/live";
import { useClock } from "@/app/_ui/clock";
import { useFormat } from "@/app/_ui/format";
import { StateMark } from "@/app/_ui/state-mark";
import type { OperationView } from "@/server/domains/operations/schema";
import { useAsked } from "./actions-provider";
import { failedByContainer, pendingByContainer, type Failure, type Pending } from "./progress";
import { useReadMarks } from "./read-marks";

/** The last list and what followed from it: every row asks, one computes. */
let computed: { from: readonly OperationView[]; pending: Map<string, Pending> } = { from: [], pending: new Map() };
function pendingOf(operations: readonly OperationView[]): Map<string, Pending> {
  if (computed.from !== operations) computed = { from: operations, pending: pendingByContainer(operations) };
  return computed.pending;
}

/** What is under way, by `hostId/container id`: what the server has confirmed to have begun, else what was asked for just now. */
export function usePending(): (id: string) => Pending | undefined {
  const pending = pendingOf(useOperations());
  const asked = useAsked();
  return (id) => pending.get(id) ?? asked.get(id);
}

/** What failed and was not read yet, by `hostId/container id`. */
export function useFailures(): ReadonlyMap<string, Failure> {
  const operations = useOperations();
  const read = useReadMarks();
  return useMemo(() => failedByContainer(operations, read), [operations, read]);
}

/** "restart failed" in the place where it was asked for; leads to the drawer, where it is read. */
export function FailureLink({ failure }: { failure: Failure }) {
  const t = useTranslations("operations");
  return (
    <button type="button" onClick={openOperations} {...(failure.why ? { title: failure.why } : {})} className="ml-2 shrink-0 rounded-small border max-desk:mt-1 max-desk:ml-0 border-bad/50 px-1.5 text-11 text-bad hover:border-bad">
      {t("rowFailed", { action: t(`action.${failure.action}`) })}
    </button>
  );
}

/** "restarting… 3 s": counts on until the host confirms. */
export function PendingMark({ pending }: { pending: Pending }) {
  const t = useTranslations("operations");
  const format = useFormat();
  const time = useClock((now) => format.span(now - pending.since));
  const text =
    pending.state === "waiting" ? t(`waiting.${pending.action}`) : pending.state === "checking" ? t("checking", { time }) : t(`doing.${pending.action}`, { time });
  return (
    <StateMark shape="starting" tone="info">
      <span {...(pending.state === "waiting" ? { title: t("awayHint") } : {})}>{text}</span>
    </StateMark>
  );
}
