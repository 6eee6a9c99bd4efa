"use client";
import { useMemo } from "react";
import { useTranslations } from "use-intl";
import { useHost } from "@/app/_trpc/live";
import { Chart, type ChartLine } from "@/app/_ui/chart";
import { useFormat } from "@/app/_ui/format";
import { NoHostFigures, ReadThrough, WindowPanel } from "./panels";
import { LEAST, pair, single } from "./lines";
import { useContainerWindow } from "./use-window";

/** What a container used in the last 15 minutes, each second while somebody looks. Nothing where it did not run in that time. */
export function ContainerMetrics({ hostId, target, isRunning }: { hostId: string; target: string; isRunning: boolean }) {
  const t = useTranslations("metrics");
  const format = useFormat();
  const host = useHost(hostId);
  const window = useContainerWindow(hostId, target, isRunning);
  const { points } = window;
  const times = useMemo(() => points.map((point) => point.at), [points]);
  const lines = useMemo(
    () =>
      ({
        cpu: single(t("chart.cpu"), points, (point) => point.cpu),
        throttled: single(t("chart.throttled"), points, (point) => point.throttled),
        memory: single(t("chart.memory"), points, (point) => point.memory),
        network: pair([t("line.received"), (point) => point.received], [t("line.sent"), (point) => point.sent], points),
        disk: pair([t("line.read"), (point) => point.read], [t("line.written"), (point) => point.written], points),
        pids: single(t("chart.pids"), points, (point) => point.pids),
      }) satisfies Record<string, ChartLine[]>,
    [points, t],
  );
  const newest = points.findLast((point) => point.memory !== null || point.cpu !== null);
  const cpuLimit = newest?.cpuLimit ?? null;
  const memoryLimit = newest?.memoryLimit ?? null;
  const limited = points.some((point) => point.throttled !== null && point.cpuLimit !== null);
  const common = { times, longestMs: window.longestMs, isPast: window.isPast };
  // What does not run and did not lately has no figures, which is nothing to explain.
  if (newest === undefined && !isRunning) return null;
  return (
    <WindowPanel window={window} isEmpty={newest === undefined} why={<NoHostFigures host={host} />} aside={<ReadThrough host={host} />}>
      <Chart {...common} title={t("chart.cpu")} aside={cpuLimit === null ? t("oneCore") : t("limit", { limit: format.percent(cpuLimit) })} lines={lines.cpu} format={format.percent} least={LEAST.share} limit={cpuLimit} />
      {limited ? <Chart {...common} title={t("chart.throttled")} aside={t("throttledHint")} lines={lines.throttled} format={format.percent} least={LEAST.share} /> : null}
      <Chart {...common} title={t("chart.memory")} aside={memoryLimit === null ? t("noLimit") : t("limit", { limit: format.bytes(memoryLimit) })} lines={lines.memory} format={format.bytes} base="binary" least={LEAST.bytes} limit={memoryLimit} />
      <Chart {...common} title={t("chart.network")} lines={lines.network} format={format.rate} base="binary" least={LEAST.rate} />
      <Chart {...common} title={t("chart.disk")} lines={lines.disk} format={format.rate} base="binary" least={LEAST.rate} />
      <Chart {...common} title={t("chart.pids")} lines={lines.pids} format={format.number} least={LEAST.count} />
    </WindowPanel>
  );
}
