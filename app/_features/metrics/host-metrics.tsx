"use client";
import { useMemo } from "react";
import { useTranslations } from "use-intl";
import { useHost } from "@/app/_trpc/live";
import { Chart, type ChartLine } from "@/app/_ui/chart";
import { classes } from "@/app/_ui/classes";
import { useFormat } from "@/app/_ui/format";
import { Meter } from "@/app/_ui/meter";
import type { HostFigures } from "@/protocol/metrics";
import type { HostPoint } from "@/server/domains/metrics/schema";
import { NoHostFigures, ReadThrough, WindowPanel } from "./panels";
import { LEAST, pair, single } from "./lines";
import { useHostWindow } from "./use-window";

/** The newest known figure of a kind; null when there is none. */
const lastOf = (points: readonly HostPoint[], read: (point: HostPoint) => number | null): number | null => {
  const point = points.findLast((one) => read(one) !== null);
  return point ? read(point) : null;
};

/** What a host used in the last 15 minutes, each second while somebody looks. */
export function HostMetrics({ hostId }: { hostId: string }) {
  const t = useTranslations("metrics");
  const format = useFormat();
  const host = useHost(hostId);
  const window = useHostWindow(hostId);
  const { points } = window;
  const times = useMemo(() => points.map((point) => point.at), [points]);
  const lines = useMemo(() => {
    const words = { received: t("line.received"), sent: t("line.sent"), read: t("line.read"), written: t("line.written") };
    return {
      cpu: single(t("chart.cpu"), points, (point) => point.cpu),
      load: single(t("chart.load"), points, (point) => point.load),
      memory: single(t("chart.memory"), points, (point) => point.memory),
      swap: single(t("chart.swap"), points, (point) => point.swap),
      network: pair([words.received, (point) => point.received], [words.sent, (point) => point.sent], points),
      disk: pair([words.read, (point) => point.read], [words.written, (point) => point.written], points),
    } satisfies Record<string, ChartLine[]>;
  }, [points, t]);
  const cpus = lastOf(points, (point) => point.cpus) ?? host?.host.cpus ?? null;
  const total = lastOf(points, (point) => point.memoryTotal) ?? host?.host.memoryBytes ?? null;
  const swapTotal = lastOf(points, (point) => point.swapTotal);
  const common = { times, longestMs: window.longestMs, isPast: window.isPast };
  const isEmpty = points.every((point) => point.cpu === null && point.memory === null);
  return (
    <WindowPanel
      window={window}
      isEmpty={isEmpty}
      why={<NoHostFigures host={host} />}
      aside={<ReadThrough host={host} />}
      foot={window.disks.length > 0 && !isEmpty ? <Disks disks={window.disks} isPast={window.isPast} /> : null}
    >
      <Chart {...common} title={t("chart.cpu")} {...(cpus === null ? {} : { aside: t("ofCores", { count: cpus }) })} lines={lines.cpu} format={format.short} least={LEAST.cores} limit={cpus} />
      <Chart {...common} title={t("chart.load")} aside={t("loadSpan")} lines={lines.load} format={format.short} least={LEAST.load} />
      <Chart {...common} title={t("chart.memory")} {...(total === null ? {} : { aside: t("of", { total: format.bytes(total) }) })} lines={lines.memory} format={format.bytes} base="binary" least={LEAST.bytes} limit={total} />
      {swapTotal !== null && swapTotal > 0 ? <Chart {...common} title={t("chart.swap")} aside={t("of", { total: format.bytes(swapTotal) })} lines={lines.swap} format={format.bytes} base="binary" least={LEAST.bytes} limit={swapTotal} /> : null}
      <Chart {...common} title={t("chart.network")} lines={lines.network} format={format.rate} base="binary" least={LEAST.rate} />
      <Chart {...common} title={t("chart.disk")} lines={lines.disk} format={format.rate} base="binary" least={LEAST.rate} />
    </WindowPanel>
  );
}

/** Each mounted disk: how full it is. */
function Disks({ disks, isPast }: { disks: readonly HostFigures["disks"][number][]; isPast: boolean }) {
  const t = useTranslations("metrics");
  const format = useFormat();
  return (
    <section aria-label={t("disks")} className="border-t border-line px-3.5 py-2.5">
      <h3 className="mb-1 font-semibold">{t("disks")}</h3>
      <ul className="grid gap-x-8 wide:grid-cols-2">
        {disks.map(({ mount, used, total }) => {
          const share = used === null || total === null || total <= 0 ? null : used / total;
          const text = share === null ? "–" : t("shareOf", { share: format.percent(share), total: format.bytes(total ?? 0) });
          return (
            <li key={mount} className="flex items-center gap-3 py-1">
              <span className="min-w-0 flex-1 truncate font-mono text-12" title={mount}>
                {mount}
              </span>
              <Meter value={share} max={1} label={mount} text={text} isPast={isPast} className="w-[120px]! max-phone:w-[72px]!" />
              <span className={classes("min-w-[130px] shrink-0 text-right whitespace-nowrap", isPast && "text-unknown")}>{isPast && share !== null ? t("was", { value: text }) : text}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
