"use client";
import { useTranslations } from "use-intl";
import { CpuCell, MemoryCell } from "@/app/_features/metrics/cells";
import { useTableFeed } from "@/app/_features/metrics/use-table";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { hostPath } from "@/app/_features/shell/places";
import { Age } from "@/app/_ui/age";
import { classes } from "@/app/_ui/classes";
import { useFormat } from "@/app/_ui/format";
import { Panel } from "@/app/_ui/panel";
import { StateMark } from "@/app/_ui/state-mark";
import { BodyCell, BodyRow, HeadCell, Table } from "@/app/_ui/table";
import type { HostGroup } from "./use-now-view";

/** One host's state: shape, colour and word. */
function HostState({ group }: { group: HostGroup }) {
  const t = useTranslations("now.host");
  const { host, rows } = group;
  if (host.link === "revoked") return <StateMark shape="ended">{t("revoked")}</StateMark>;
  if (host.link === "down") return <StateMark shape="unknown">{t("silent")}</StateMark>;
  if (host.runtime.state !== "up") return <StateMark shape="failing" tone="warn">{t(`runtime.${host.runtime.state}`)}</StateMark>;
  const failing = rows.filter((row) => row.condition === "failing").length;
  if (failing > 0) return <StateMark shape="failing" tone="warn">{t("failing", { count: failing })}</StateMark>;
  return <StateMark shape="running">{t("well")}</StateMark>;
}

/** Of a host that is not heard its figures are what they were; of a revoked one there are none. */
const figuresOf = ({ host }: HostGroup) => (host.link === "up" ? "now" : host.link === "down" ? "unknown" : "ended");

/** Every host with its state, what it uses and when it was last heard. */
export function HostTable({ groups }: { groups: readonly HostGroup[] }) {
  const t = useTranslations("now.host");
  const tFigures = useTranslations("metrics.chart");
  const format = useFormat();
  useTableFeed();
  return (
    <Panel aria-label={t("title")}>
      <Table>
        <thead>
          <tr>
            <HeadCell>{t("name")}</HeadCell>
            <HeadCell>{t("state")}</HeadCell>
            <HeadCell className="max-desk:hidden">{tFigures("cpu")}</HeadCell>
            <HeadCell className="max-desk:hidden">{tFigures("memory")}</HeadCell>
            <HeadCell className="max-wide:hidden">{t("engine")}</HeadCell>
            <HeadCell figure>{t("containers")}</HeadCell>
            <HeadCell figure className="max-desk:hidden">{t("confirmed")}</HeadCell>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <BodyRow key={group.host.id} className={classes(group.host.link !== "up" && "is-stale")}>
              <BodyCell className="max-w-[280px] max-desk:h-[46px]!">
                <PlaceLink path={hostPath(group.host.id)} className="block truncate rounded-small hover:text-accent">
                  {group.host.name}
                </PlaceLink>
              </BodyCell>
              <BodyCell>
                <HostState group={group} />
                <Age at={group.host.confirmedAt} className={classes("ml-1.5 text-12 text-ink-3 desk:hidden", group.host.link === "up" && "hidden")} />
              </BodyCell>
              <BodyCell className="max-w-[190px] max-desk:hidden">
                <CpuCell row={group.host.id} state={figuresOf(group)} of="host" />
              </BodyCell>
              <BodyCell className="max-w-[190px] max-desk:hidden">
                <MemoryCell row={group.host.id} state={figuresOf(group)} of="host" />
              </BodyCell>
              <BodyCell className={classes("max-wide:hidden", group.host.link === "up" && "text-ink-2")}>
                {group.host.runtime.engine === null ? "–" : t("engineVersion", { engine: group.host.runtime.engine, version: group.host.runtime.version ?? "" })}
              </BodyCell>
              <BodyCell figure>{format.number(group.rows.length)}</BodyCell>
              <BodyCell figure className="text-ink-2 max-desk:hidden">
                <Age at={group.host.confirmedAt} />
              </BodyCell>
            </BodyRow>
          ))}
        </tbody>
      </Table>
    </Panel>
  );
}
