"use client";
import { useMemo } from "react";
import { useTranslations } from "use-intl";
import { Chart } from "@/app/_ui/chart";
import { ChartGroup } from "@/app/_ui/chart-group";
import { useFormat } from "@/app/_ui/format";
import { Panel, PanelHead } from "@/app/_ui/panel";
import { TIMES } from "@/protocol/limits";
import type { BlackBox } from "@/protocol/shapes";
import { LEAST, single } from "./lines";
import { longestJoin } from "./points";

const NO_BANDS: readonly never[] = [];

/** What a container used in the 15 minutes before `at`, as its black box kept it. */
export function BoxMetrics({ window, at }: { window: BlackBox["window"]; at: number }) {
  const t = useTranslations("metrics");
  const format = useFormat();
  const times = useMemo(() => window.map((point) => point.at), [window]);
  const cpu = useMemo(() => single(t("chart.cpu"), window, (point) => point.cpu), [window, t]);
  const memory = useMemo(() => single(t("chart.memory"), window, (point) => point.memory), [window, t]);
  const limit = window.at(-1)?.memoryLimit ?? null;
  const common = { times, longestMs: longestJoin(TIMES.sampleMs) };
  return (
    <Panel>
      <PanelHead title={t("before")} aside={t("beforeSpan")} />
      <ChartGroup from={at - TIMES.windowMs} to={at} bands={NO_BANDS}>
        <div className="-mr-px grid desk:grid-cols-2 [&>*]:border-r [&>*]:border-line max-desk:[&>*+*]:border-t">
          <Chart {...common} title={t("chart.cpu")} aside={t("oneCore")} lines={cpu} format={format.percent} least={LEAST.share} />
          <Chart {...common} title={t("chart.memory")} aside={limit === null ? t("noLimit") : t("limit", { limit: format.bytes(limit) })} lines={memory} format={format.bytes} base="binary" least={LEAST.bytes} limit={limit} />
        </div>
      </ChartGroup>
    </Panel>
  );
}
