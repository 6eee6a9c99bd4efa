"use client";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { useMe } from "@/app/_features/auth/me";
import { judge } from "@/app/_features/containers/eligibility";
import type { FleetRow } from "@/app/_features/containers/fleet-row";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Button } from "@/app/_ui/button";
import { Dialog } from "@/app/_ui/dialog";
import { Field, Input } from "@/app/_ui/field";
import { StateMark } from "@/app/_ui/state-mark";
import { isFresh } from "@/server/domains/fleet/schema";
import type { RunInput } from "@/server/domains/operations/schema";
import { hasGrace, readGrace, type Choices, type Intent } from "./intent";
import { LossReport } from "./loss-report";
import { SIGNALS, SignalChoice } from "./signal-choice";

/** Names shown before "and N more". */
const NAMES_SHOWN = 6;

interface ActionDialogProps {
  intent: Intent;
  onClose: () => void;
  /** Resolves when the server has recorded it; rejects with why it did not. */
  onGo: (intent: Intent, rows: readonly FleetRow[], choices: Choices) => Promise<void>;
}

/** The question before something that concerns many, or cannot be taken back. */
export function ActionDialog({ intent, onClose, onGo }: ActionDialogProps) {
  const t = useTranslations("operations");
  const { permissions } = useMe();
  const [verdict] = useState(() => judge(intent.action, intent.rows, permissions));
  // A stack is the server's to take apart: every container of it counts.
  const rows = intent.stack ? intent.rows : verdict.eligible;
  const [grace, setGrace] = useState("");
  const [signal, setSignal] = useState<NonNullable<RunInput["signal"]>>(SIGNALS[0]);
  const [removeVolumes, setRemoveVolumes] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<{ error: unknown } | null>(null);
  const seconds = readGrace(grace);
  const running = rows.filter(({ container }) => container.state === "running" || container.state === "paused" || container.state === "restarting");

  const go = async () => {
    setBusy(true);
    setFailure(null);
    const choices: Choices = {
      ...(hasGrace(intent) && typeof seconds === "number" ? { graceSeconds: seconds } : {}),
      ...(intent.action === "kill" ? { signal } : {}),
      // What was looked at as running is removed running; what has started since is refused by the engine.
      ...(intent.action === "remove" && !intent.stack && (running.length > 0 || rows.some((row) => !isFresh(row.host))) ? { force: true } : {}),
      ...(intent.action === "remove" && removeVolumes ? { removeVolumes: true } : {}),
    };
    try {
      await onGo(intent, rows, choices);
      onClose();
    } catch (error) {
      setFailure({ error });
      setBusy(false);
    }
  };

  const count = rows.length;
  const name = intent.stack?.name ?? rows[0]?.container.name ?? "";
  const title = intent.stack ? t(`ask.titleStack.${intent.action}`, { name }) : count === 1 ? t(`ask.titleOne.${intent.action}`, { name }) : t(`ask.titleMany.${intent.action}`, { count });
  const hostName = intent.stack?.hostName ?? (count === 1 ? rows[0]?.hostName : undefined);
  const isHarsh = intent.action === "kill" || intent.action === "remove";

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={title}
      {...(hostName ? { description: t("ask.onHost", { host: hostName }) } : {})}
      wide={intent.action === "remove"}
      footer={
        <>
          <Button onClick={onClose}>{t("ask.cancel")}</Button>
          <Button tone={isHarsh ? "danger" : "primary"} busy={busy} disabled={count === 0 || seconds === undefined} onClick={() => void go()}>
            {count === 1 && !intent.stack ? t(`ask.goOne.${intent.action}`) : t(`ask.goMany.${intent.action}`, { count })}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3.5">
        {intent.stack ? <p className="text-ink-2">{intent.action === "start" || intent.action === "stop" || intent.action === "restart" || intent.action === "remove" ? t(`ask.stackOrder.${intent.action}`) : null}</p> : null}
        {intent.action === "kill" ? <SignalChoice value={signal} onChange={setSignal} /> : null}
        {count > 1 ? <NameList rows={rows} withHost={!intent.stack} /> : null}
        {intent.action === "remove" ? <LossReport rows={rows} removeVolumes={removeVolumes} onRemoveVolumes={setRemoveVolumes} willKill={!intent.stack} /> : null}
        <LeftOut verdict={verdict} all={intent.rows.length} isStack={intent.stack !== null} />
        {verdict.waiting > 0 ? <StateMark shape="unknown" className="items-start! [&_svg]:mt-1 [&>span]:whitespace-normal">{count === 1 ? t("ask.waitingOne") : t("ask.waiting", { count: verdict.waiting })}</StateMark> : null}
        {hasGrace(intent) ? (
          <details>
            <summary className="text-ink-2">{t("ask.more")}</summary>
            <div className="pt-2.5">
              <Field label={t("ask.grace")} hint={t("ask.graceHint")} error={seconds === undefined ? t("ask.graceWrong") : null}>
                {(control) => (
                  <span className="flex items-center gap-2">
                    <Input {...control} inputMode="numeric" value={grace} onChange={(event) => setGrace(event.target.value)} className="max-w-[90px]" />
                    <span className="text-ink-2">{t("ask.graceUnit")}</span>
                  </span>
                )}
              </Field>
            </div>
          </details>
        ) : null}
        {failure ? <FailureNotice error={failure.error} onClose={() => setFailure(null)} /> : null}
      </div>
    </Dialog>
  );
}

function NameList({ rows, withHost }: { rows: readonly FleetRow[]; withHost: boolean }) {
  const t = useTranslations("operations");
  const rest = rows.length - NAMES_SHOWN;
  return (
    <ul aria-label={t("ask.list")} className="flex flex-col gap-0.5">
      {rows.slice(0, NAMES_SHOWN).map((row) => (
        <li key={row.id} className="truncate">
          {row.container.name} {withHost ? <span className="text-ink-3">{row.hostName}</span> : null}
        </li>
      ))}
      {rest > 0 ? <li className="text-ink-3">{t("ask.andMore", { count: rest })}</li> : null}
    </ul>
  );
}

function LeftOut({ verdict, all, isStack }: { verdict: ReturnType<typeof judge>; all: number; isStack: boolean }) {
  const t = useTranslations("operations");
  const count = all - verdict.eligible.length;
  if (count === 0 || isStack) return null;
  const why = (["permission", "policy", "revoked", "state"] as const).filter((kind) => verdict.leftOut[kind] > 0);
  return (
    <p className="text-ink-2">
      {t("ask.leftOut", { count })} {why.map((kind) => t(`ask.leftOutWhy.${kind}`, { count: verdict.leftOut[kind] })).join(" · ")}
    </p>
  );
}
