"use client";
import { useTranslations } from "use-intl";
import { ContainerMetrics } from "@/app/_features/metrics/container-metrics";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { containerPath, hostPath } from "@/app/_features/shell/places";
import { Age } from "@/app/_ui/age";
import { CopyButton } from "@/app/_ui/copy-button";
import { Fact, Facts } from "@/app/_ui/facts";
import { useFormat } from "@/app/_ui/format";
import { Notice } from "@/app/_ui/notice";
import { Panel, PanelHead } from "@/app/_ui/panel";
import type { RuntimeEvent } from "@/protocol/shapes";
import { lastEndAsked } from "./changes";
import { ConditionMark } from "./condition-mark";
import { whyEnded } from "./exit-code";
import { boxesPath } from "./box-place";
import { figuresState, type FleetRow } from "./fleet-row";
import { PortLink } from "./port-list";
import { innerPorts, publishedPorts } from "./ports";

const SHORT_ID = 12;

/** Everything worth knowing of a container at a glance; first of all why it is not running. */
export function Overview({ row, events }: { row: FleetRow; events: readonly RuntimeEvent[] }) {
  const t = useTranslations("containers");
  const labels = Object.entries(row.container.labels).sort(([a], [b]) => a.localeCompare(b));
  return (
    <>
      <Why row={row} events={events} />
      <ContainerMetrics hostId={row.container.hostId} target={row.container.key} isRunning={figuresState(row) !== "ended"} />
      <div className="grid items-start gap-4 wide:grid-cols-2">
        <Panel>
          <PanelHead title={t("fact.facts")} />
          <MainFacts row={row} />
        </Panel>
        <Panel>
          <PanelHead title={t("fact.labels")} aside={labels.length} />
          {labels.length === 0 ? <p className="px-3.5 py-3 text-ink-3">{t("fact.noLabels")}</p> : null}
          <dl className="font-mono text-12">
            {labels.map(([name, value]) => (
              <div key={name} className="grid grid-cols-[minmax(0,1fr)_minmax(0,1.2fr)] gap-3 border-b border-line px-3.5 py-[5px] last:border-b-0">
                <dt className="[overflow-wrap:anywhere] text-ink-3">{name}</dt>
                <dd className="[overflow-wrap:anywhere]">{value}</dd>
              </div>
            ))}
          </dl>
          {row.container.labelsCut > 0 ? <p className="px-3.5 py-2 text-12 text-ink-3">{t("fact.labelsCut", { count: row.container.labelsCut })}</p> : null}
        </Panel>
      </div>
    </>
  );
}

/** Why it ended, and whether somebody asked for it: then it is a change, not a fault. */
function Why({ row, events }: { row: FleetRow; events: readonly RuntimeEvent[] }) {
  const t = useTranslations("containers.exit");
  const why = whyEnded(row.container);
  if (!why) return null;
  const asked = row.container.state === "exited" ? lastEndAsked(events, row.container.id) : null;
  const isFault = asked !== true && row.condition === "failing";
  return (
    <Notice tone={isFault ? "bad" : "unknown"} title={why.code === null || why.reason === "cannotStart" ? t("titleNone") : t("title", { code: why.code })} className="rounded-panel border border-line">
      <p>{why.reason === "signal" ? t("signal", { signal: why.signal ?? 0 }) : t(why.reason)}</p>
      {row.container.error ? <p className="font-mono text-12 [overflow-wrap:anywhere]">{row.container.error}</p> : null}
      {asked === true ? <p>{t("askedFor")}</p> : asked === false && isFault ? <p>{t("notAskedFor")}</p> : null}
      {row.container.state === "restarting" ? <p>{t("willRestart")}</p> : null}
      <p>
        <PlaceLink path={boxesPath(containerPath(row.container))} className="text-accent underline underline-offset-2">
          {t("saidLast")}
        </PlaceLink>
      </p>
    </Notice>
  );
}

function MainFacts({ row }: { row: FleetRow }) {
  const t = useTranslations("containers");
  const format = useFormat();
  const { container } = row;
  const inner = innerPorts(container.ports);
  const ended = container.state === "exited" || container.state === "dead";
  return (
    <Facts>
      <Fact name={t("fact.state")}>
        <ConditionMark row={row} />
      </Fact>
      <Fact name={t("fact.host")}>
        <PlaceLink path={hostPath(container.hostId)} className="text-accent hover:underline">
          {row.hostName}
        </PlaceLink>
      </Fact>
      {container.target.namespace === null ? null : <Fact name={t("fact.stack")}>{container.target.namespace}</Fact>}
      {container.target.namespace !== null && container.target.workload !== container.name ? (
        <Fact name={t("fact.service")}>
          {container.target.workload}
          {container.target.replica === null ? null : <span className="text-ink-3"> · {t("fact.replica")} {container.target.replica}</span>}
        </Fact>
      ) : null}
      <Fact name={t("fact.image")}>
        <span className="font-mono text-12">{container.image}</span>
      </Fact>
      <Fact name={t("fact.ports")}>
        <Ports row={row} />
      </Fact>
      {inner.length > 0 ? (
        <Fact name={t("fact.innerPorts")}>
          <span className="font-mono text-12">{inner.join(", ")}</span>
        </Fact>
      ) : null}
      <Fact name={t("fact.created")}>
        <Moment at={container.createdAt} />
      </Fact>
      {container.startedAt === null ? null : (
        <Fact name={t("fact.started")}>
          <Moment at={container.startedAt} />
        </Fact>
      )}
      {ended && container.finishedAt !== null ? (
        <Fact name={t("fact.finished")}>
          <Moment at={container.finishedAt} />
          {container.startedAt !== null && container.finishedAt > container.startedAt ? <span className="text-ink-3"> · {t("fact.ranFor", { duration: format.span(container.finishedAt - container.startedAt) })}</span> : null}
        </Fact>
      ) : null}
      <Fact name={t("fact.restartPolicy")}>{t(`policy.${container.restartPolicy}`)}</Fact>
      {container.restartCount > 0 ? <Fact name={t("fact.restarts")}>{format.number(container.restartCount)}</Fact> : null}
      {container.autoRemove ? <Fact name={t("fact.autoRemove")}>{t("fact.yes")}</Fact> : null}
      <Fact name={t("fact.identity")} hint={t("fact.identityHint")}>
        <span className="font-mono text-12">{[row.hostName, container.target.namespace, container.target.workload, container.target.replica].filter((part) => part !== null).join(" / ")}</span>
      </Fact>
      <Fact name={t("fact.id")} hint={t("fact.idHint")}>
        <span className="inline-flex items-center gap-1 font-mono text-12">
          {container.id.slice(0, SHORT_ID)}
          <CopyButton text={container.id} label={t("fact.copyId")} tone="quiet" className="h-[22px]! px-1.5! font-sans max-desk:min-h-[36px]!" />
        </span>
      </Fact>
      <Fact name={t("fact.imageId")}>
        <span className="font-mono text-12">{container.imageId.replace(/^sha256:/, "").slice(0, SHORT_ID)}</span>
      </Fact>
    </Facts>
  );
}

function Ports({ row }: { row: FleetRow }) {
  const t = useTranslations("containers");
  const ports = publishedPorts(row.container.ports);
  if (ports.length === 0) return <span className="text-ink-3">{t("fact.noPorts")}</span>;
  return (
    <ul className="flex flex-col gap-0.5 font-mono text-12">
      {ports.map((port) => (
        <li key={`${port.address ?? ""} ${port.label} ${port.private}`} className="flex flex-wrap items-baseline gap-x-1.5">
          <span className="inline-flex">
            {port.address ? `${port.address}:` : ""}
            <PortLink port={port} hostAddress={row.host?.address ?? null} />
          </span>
          <span className="text-ink-3">→ {port.private}/{port.protocol}</span>
        </li>
      ))}
    </ul>
  );
}

function Moment({ at }: { at: number }) {
  const format = useFormat();
  return (
    <>
      {format.dateMinute(at)} <span className="text-ink-3">· <Age at={at} /></span>
    </>
  );
}
