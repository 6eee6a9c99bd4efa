"use client";
import { useTranslations } from "use-intl";
import { classes } from "@/app/_ui/classes";
import { useFormat } from "@/app/_ui/format";
import { fullness, Meter } from "@/app/_ui/meter";
import { Sparkline } from "@/app/_ui/sparkline";
import { TIMES } from "@/protocol/limits";
import { LEAST } from "./lines";
import type { Figures } from "./table-store";
import { useFigures, useIsPast, useStepMs, useSums } from "./use-table";

interface CellProps {
  /** figuresKey() of the row. */
  row: string;
  /** Whether its host is heard and it runs: else the figure is what it was, or a dash. */
  state: "now" | "unknown" | "ended";
  of: "container" | "host";
}

/** The figures of a row, and whether they are of now. What has ended has none. */
function useShown({ row, state }: CellProps): { figures: Figures | undefined; isPast: boolean } {
  const figures = useFigures(row);
  const old = useIsPast(figures);
  return { figures: state === "ended" ? undefined : figures, isPast: state === "unknown" || old };
}

/** CPU of one row: its last 15 minutes, and now. Of a container in cores (100 % is one), of a host as a share of all. */
export function CpuCell(props: CellProps) {
  const t = useTranslations("metrics");
  const format = useFormat();
  const stepMs = useStepMs();
  const { figures, isPast } = useShown(props);
  if (!figures || figures.cpu === null) return <Dash />;
  const { cpu, cpuLimit, cpuPoints } = figures;
  const whole = props.of === "host" && cpuLimit !== null && cpuLimit > 0 ? cpuLimit : 1;
  const text = format.percent(cpu / whole);
  const isNearLimit = cpuLimit !== null && fullness(cpu, cpuLimit) === "bad";
  const to = figures.receivedAt;
  const title = cpuLimit === null ? t("cores", { count: format.short(cpu) }) : t("coresOf", { count: format.short(cpu), limit: format.short(cpuLimit) });
  return (
    <span className="flex min-w-0 items-center gap-2" title={title}>
      {hasPicture(props, isPast) ? (
        <Sparkline
          times={cpuPoints.map((_, index) => to - (cpuPoints.length - 1 - index) * stepMs)}
          values={cpuPoints}
          from={to - TIMES.windowMs}
          to={to}
          least={LEAST.share * whole}
          longestMs={stepMs * 1.5}
          tone={isPast ? "past" : isNearLimit ? "bad" : "plain"}
        />
      ) : null}
      <Figure isPast={isPast} text={text} />
    </span>
  );
}

/** Memory of one row: of its limit where it has one. */
export function MemoryCell(props: CellProps) {
  const t = useTranslations("metrics");
  const format = useFormat();
  const { figures, isPast } = useShown(props);
  if (!figures || figures.memory === null) return <Dash />;
  const { memory, memoryLimit } = figures;
  const amount = format.bytes(memory);
  const isLimited = memoryLimit !== null && memoryLimit > 0;
  const title = isLimited ? t("amountOf", { amount, total: format.bytes(memoryLimit), share: format.percent(memory / memoryLimit) }) : t("amountNoLimit", { amount });
  return (
    <span className="flex min-w-0 items-center gap-2" title={title}>
      {!hasPicture(props, isPast) ? null : isLimited ? <Meter value={memory} max={memoryLimit} label={t("chart.memory")} text={title} isPast={isPast} /> : <span className="w-[64px] shrink-0" />}
      <Figure isPast={isPast} text={amount} />
    </span>
  );
}

/** Both in one short line, for cards. Nothing where nothing is known. */
export function FiguresLine(props: CellProps) {
  const t = useTranslations("metrics");
  const format = useFormat();
  const { figures, isPast } = useShown(props);
  if (!figures || (figures.cpu === null && figures.memory === null)) return null;
  const whole = props.of === "host" && figures.cpuLimit !== null && figures.cpuLimit > 0 ? figures.cpuLimit : 1;
  const text = [figures.cpu === null ? null : t("cpuShort", { share: format.percent(figures.cpu / whole) }), figures.memory === null ? null : format.bytes(figures.memory)].filter((part) => part !== null).join(" · ");
  return <span className={classes("shrink-0 tabular-nums", isPast ? "text-unknown" : "text-ink-2")}>{isPast ? t("was", { value: text }) : text}</span>;
}

/** What the rows of a group use together now. Nothing where nothing is known. */
export function GroupSums({ rows }: { rows: readonly string[] }) {
  const t = useTranslations("metrics");
  const format = useFormat();
  const { cpu, memory } = useSums(rows);
  if (cpu === null && memory === null) return null;
  return (
    <span className="shrink-0 text-ink-3 tabular-nums max-phone:hidden">
      {cpu === null ? null : <>· {t("cpuShort", { share: format.percent(cpu) })} </>}
      {memory === null ? null : <>· {format.bytes(memory)}</>}
    </span>
  );
}

/** In the narrow columns of containers "was 41 %" needs the room of the picture, which says nothing of now anyway. */
const hasPicture = (props: CellProps, isPast: boolean) => props.of === "host" || !isPast;

function Figure({ isPast, text }: { isPast: boolean; text: string }) {
  const t = useTranslations("metrics");
  return <span className={classes("min-w-0 flex-1 truncate text-right tabular-nums", isPast && "text-unknown")}>{isPast ? t("was", { value: text }) : text}</span>;
}

function Dash() {
  return <span className="block flex-1 text-right text-ink-3">–</span>;
}
