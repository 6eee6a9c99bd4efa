"use client";
import Link from "next/link";
import { memo, useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import { useMay } from "@/app/_features/auth/me";
import { useTRPC } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { noteOperation, useHost } from "@/app/_trpc/live";
import { Age } from "@/app/_ui/age";
import { Button } from "@/app/_ui/button";
import { useClock } from "@/app/_ui/clock";
import { CopyButton } from "@/app/_ui/copy-button";
import { useFormat } from "@/app/_ui/format";
import { StateMark } from "@/app/_ui/state-mark";
import type { OperationView, StepView } from "@/server/domains/operations/schema";
import { SHAPES } from "./operation-words";
import { canCancel, tally, waves } from "./progress";
import { markRead } from "./read-marks";
import { StepLine } from "./step-line";

/** Steps listed without being asked for; a failed one is always listed. */
const STEPS_SHOWN = 6;

interface OperationCardProps {
  operation: OperationView;
  /** It ended badly and nobody here has read it. */
  isUnread: boolean;
}

/** One operation: what, on what, by whom, how far, and its errors until they were read. */
export const OperationCard = memo(function OperationCard({ operation, isUnread }: OperationCardProps) {
  const t = useTranslations("operations");
  const isRunning = operation.state === "running";
  const [isOpen, setOpen] = useState<boolean | null>(null);
  // One step that went well says nothing more than its operation.
  const showSteps = isOpen ?? (isRunning || isUnread || (operation.steps.length === 1 && operation.state !== "succeeded"));
  const sum = tally(operation);
  return (
    <li className="border-b border-line px-4 py-3">
      <div className="flex items-baseline gap-2">
        <span className="min-w-0 flex-1 truncate font-semibold">
          {t(`action.${operation.action}`)} <Subject operation={operation} />
        </span>
        <Age at={operation.createdAt} className="shrink-0 text-12 text-ink-3" />
      </div>
      <div className="mt-1 flex flex-wrap items-center gap-x-2.5 gap-y-1 text-12 text-ink-2">
        <StateMark shape={SHAPES[operation.state]}>{t(`state.${operation.state}`)}</StateMark>
        {operation.steps.length > 1 ? <span>{t("drawer.steps", { done: sum.done, total: sum.total })}</span> : null}
        <Took from={operation.createdAt} to={operation.finishedAt} />
        <span className="truncate">{t("drawer.by", { name: operation.actor.name })}</span>
        {operation.cancelledBy ? <span className="truncate">{t("drawer.cancelledBy", { name: operation.cancelledBy })}</span> : null}
      </div>
      {sum.total > 1 ? <Meter done={sum.done} failed={sum.failed} total={sum.total} /> : null}
      {operation.note ? <p className="mt-1.5 text-12 text-ink-2">{operation.note}</p> : null}
      {showSteps ? <Steps steps={operation.steps} /> : null}
      <div className="mt-2 flex flex-wrap items-center gap-2 empty:hidden">
        <CancelRest operation={operation} />
        {isUnread ? <Button onClick={() => markRead(operation.id)}>{t("drawer.markRead")}</Button> : null}
        {operation.steps.length > 1 ? (
          <Button tone="quiet" className="-ml-2.5" aria-expanded={showSteps} onClick={() => setOpen(!showSteps)}>
            {t(showSteps ? "drawer.hideSteps" : "drawer.showSteps")}
          </Button>
        ) : null}
        {isUnread ? <CopyButton text={operation.id} tone="quiet" label={t("drawer.copyId")} /> : null}
        {isRunning && sum.open > 0 ? <Expiry at={operation.deadlineAt} /> : null}
      </div>
    </li>
  );
});

function Subject({ operation }: { operation: OperationView }) {
  const t = useTranslations("operations");
  const names = new Set(operation.steps.map((step) => `${step.hostId}/${step.containerId}`));
  const only = names.size === 1 ? operation.steps[0] : undefined;
  const host = useHost(only?.hostId ?? "");
  if (operation.stack) return <span>{t("drawer.subjectStack", { name: operation.stack })}</span>;
  if (only)
    return (
      <>
        <Link href={`/containers/${only.target}`} prefetch={false} className="hover:text-accent hover:underline">
          {only.name}
        </Link>{" "}
        <span className="text-12 font-normal text-ink-3">{host?.name}</span>
      </>
    );
  return <span>{t("drawer.subjectMany", { count: names.size })}</span>;
}

function Took({ from, to }: { from: number; to: number | null }) {
  const format = useFormat();
  const text = useClock((now) => (to === null ? format.span(now - from) : format.took(to - from)));
  return <span>{text}</span>;
}

/** When what has not begun is given up. Only worth a word once it has waited a while. */
function Expiry({ at }: { at: number }) {
  const t = useTranslations("operations");
  const format = useFormat();
  const text = useClock((now) => (at > now && at - now < 540_000 ? t("drawer.expires", { duration: format.span(at - now) }) : null));
  return text ? <span className="ml-auto text-12 text-ink-3">{text}</span> : null;
}

function Meter({ done, failed, total }: { done: number; failed: number; total: number }) {
  return (
    <div aria-hidden="true" className="mt-2 flex h-[5px] overflow-hidden rounded-[3px] bg-line">
      <i className="block h-full bg-ok" style={{ width: `${(done / total) * 100}%` }} />
      <i className="block h-full bg-bad" style={{ width: `${(failed / total) * 100}%` }} />
    </div>
  );
}

function Steps({ steps }: { steps: readonly StepView[] }) {
  const t = useTranslations("operations");
  const [all, setAll] = useState(false);
  const groups = waves(steps);
  const listed = new Set((all ? steps : steps.filter((step, index) => index < STEPS_SHOWN || step.error !== null || step.state === "running")).map((step) => step.id));
  const hidden = steps.length - listed.size;
  // A stack's restart is stops, then starts: only then each line says which.
  const isMixed = new Set(steps.map((step) => step.action)).size > 1;
  // One line a wave needs a number, not a heading.
  const isPlain = groups.every((group) => group.steps.length === 1);
  const firstSkipped = steps.find((step) => step.state === "skipped")?.id;
  const line = (step: StepView, number: number | null) => <StepLine key={step.id} step={step} number={number} withAction={isMixed} isQuiet={step.state === "skipped" && step.id !== firstSkipped} />;
  return (
    <div className="mt-2 flex flex-col gap-1">
      {isPlain ? <ul>{groups.map(({ steps: [step] }, index) => (step && listed.has(step.id) ? line(step, groups.length > 1 ? index + 1 : null) : null))}</ul> : null}
      {isPlain
        ? null
        : groups.map(({ wave, steps: inWave }, index) => {
            const here = inWave.filter((step) => listed.has(step.id));
            if (here.length === 0) return null;
            return (
              <section key={wave}>
                {groups.length > 1 ? <h4 className="pt-1 text-11 text-ink-3">{t("drawer.wave", { number: index + 1 })}</h4> : null}
                <ul>{here.map((step) => line(step, null))}</ul>
              </section>
            );
          })}
      {hidden > 0 ? (
        <Button tone="quiet" className="-ml-2.5 self-start" onClick={() => setAll(true)}>
          {t("drawer.moreSteps", { count: hidden })}
        </Button>
      ) : null}
    </div>
  );
}

/** Cancels what has not begun. What has begun is finished. */
function CancelRest({ operation }: { operation: OperationView }) {
  const t = useTranslations("operations");
  const trpc = useTRPC();
  const may = useMay("operation.cancel");
  const cancel = useMutation(trpc.operations.cancel.mutationOptions({ onSuccess: noteOperation }));
  if (!canCancel(operation)) return null;
  return (
    <>
      <Button disabled={!may} busy={cancel.isPending} title={t("drawer.cancelHint")} onClick={() => cancel.mutate({ id: operation.id })}>
        {t("drawer.cancel")}
      </Button>
      {cancel.isError ? <FailureNotice error={cancel.error} onClose={cancel.reset} /> : null}
    </>
  );
}
