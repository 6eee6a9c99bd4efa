"use client";
import { memo } from "react";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { classes } from "@/app/_ui/classes";
import { useFormat } from "@/app/_ui/format";
import { levelOf } from "@/protocol/log-level";
import type { LogLevel } from "@/protocol/logs";
import { markPieces, plainText, readPieces } from "./ansi";
import { clockOf, dayOf } from "./line-time";
import { CREATED_AGAIN } from "./log-session";
import type { LogRow } from "./log-store";
import type { Matcher } from "./matcher";

/** Characters of one line that are drawn; the rest is there to be copied and found. */
const DRAWN_CHARS = 4_000;
/** Colours that sources are told apart by. */
export const SOURCE_COLOURS = 8;

/** The class of a source's colour, by its place among the chosen containers. */
export const sourceClass = (index: number): string => `log-source-${index % SOURCE_COLOURS}`;

export const LEVEL_LOOKS: Record<LogLevel, string> = { trace: "text-ink-3", debug: "text-ink-3", info: "text-ink-3", warn: "text-warn", error: "text-bad", fatal: "text-bad font-bold" };

/** What was written to the error output, in every language, as are the levels. */
const STDERR_MARK = "err";
/** As loggers write it. */
export const levelWord = (level: LogLevel): string => level.toUpperCase();

export interface LineLook {
  wraps: boolean;
  times: boolean;
  /** Times carry their day: not all lines in sight are of today. */
  days: boolean;
  isPhone: boolean;
}

/** The text of a line: colours of terminals as classes, hits marked. */
export function LineText({ text, matcher }: { text: string; matcher: Matcher | null }) {
  const t = useTranslations("logs.line");
  const format = useFormat();
  const pieces = readPieces(text, DRAWN_CHARS);
  const plain = pieces.length === 1 ? (pieces[0]?.text ?? "") : pieces.map((piece) => piece.text).join("");
  const ranges = matcher?.ranges(plain) ?? [];
  const rest = text.length > DRAWN_CHARS ? plainText(text).length - plain.length : 0;
  return (
    <>
      {markPieces(pieces, ranges).map((piece, index) => piece.hit ? (
        <mark key={index} className={piece.look}>
          {piece.text}
        </mark>
      ) : piece.look ? (
        <span key={index} className={piece.look}>
          {piece.text}
        </span>
      ) : (
        piece.text
      ))}
      {rest > 0 ? <span className="ml-2 text-ink-3 italic">{t("cut", { count: format.number(rest) })}</span> : null}
    </>
  );
}

interface LogLineProps {
  row: LogRow;
  /** Place among the chosen containers; null where there is but one. */
  source: number | null;
  name: string;
  look: LineLook;
  matcher: Matcher | null;
  isCurrent: boolean;
  onChoose: (id: number) => void;
}

/** One row. Renders again only when it is another row or is shown in another way. */
export const LogLine = memo(
  function LogLine({ row, source, name, look, matcher, isCurrent, onChoose }: LogLineProps) {
    const t = useTranslations("logs");
    if (row.gap) return <GapLine row={row} source={source} name={name} />;
    const { line } = row;
    const level = levelOf(plainText(line.text));
    const { wraps, isPhone } = look;
    return (
      <div
        data-row={row.id}
        data-stream={line.stream}
        data-level={level ?? undefined}
        aria-current={isCurrent || undefined}
        onClick={() => {
          // Marking text with the pointer is no choice of a line.
          if (getSelection()?.isCollapsed !== false) onChoose(row.id);
        }}
        className={classes("flex min-h-[19px] gap-x-2.5 pr-3", isCurrent ? "log-current" : "hover:bg-raised")}
      >
        <i aria-hidden="true" className={classes("w-[3px] shrink-0", source === null ? (isCurrent ? "bg-accent" : "") : `${sourceClass(source)} bg-current`)} />
        {look.times ? (
          <time title={line.time || undefined} className="shrink-0 text-ink-3 select-none">
            {timeText(line.at, look)}
          </time>
        ) : null}
        {source === null || isPhone ? null : (
          <span title={name} className={classes("w-[13ch] shrink-0 truncate select-none", sourceClass(source))}>
            {name}
          </span>
        )}
        <span className={classes("shrink-0 text-[10.5px]! tracking-[0.02em] select-none", isPhone ? "w-[1ch]" : "w-[38px]", level && LEVEL_LOOKS[level])} title={level ? t(`level.${level}`) : undefined}>
          {level ? levelWord(level).slice(0, isPhone ? 1 : undefined) : null}
        </span>
        {isPhone && line.stream === "stdout" ? null : (
          <span className="w-[26px] shrink-0 text-[10.5px]! text-warn select-none" title={line.stream === "stderr" ? t("line.stderr") : undefined}>
            {line.stream === "stderr" ? STDERR_MARK : null}
          </span>
        )}
        <span dir="ltr" className={wraps ? "min-w-0 flex-1 [overflow-wrap:anywhere] whitespace-pre-wrap" : "whitespace-pre"}>
          <LineText text={line.text} matcher={matcher} />
        </span>
      </div>
    );
  },
  (before, after) => before.row.id === after.row.id && before.source === after.source && before.name === after.name && before.look === after.look && before.matcher === after.matcher && before.isCurrent === after.isCurrent && before.onChoose === after.onChoose,
);

function timeText(at: number | null, { days, isPhone }: LineLook): ReactNode {
  if (at === null) return isPhone ? "--:--:--" : "--:--:--.---";
  const clock = isPhone ? clockOf(at).slice(0, 8) : clockOf(at);
  return days ? `${dayOf(at)} ${clock}` : clock;
}

/** What is missing, how much, and why; or that the container was created again. */
function GapLine({ row, source, name }: { row: LogRow & { line: null }; source: number | null; name: string }) {
  const t = useTranslations("logs.gap");
  const format = useFormat();
  const { gap } = row;
  const isAnew = gap.why === CREATED_AGAIN;
  return (
    <div data-row={row.id} data-gap={isAnew ? "anew" : "gap"} className={classes("flex min-h-[19px] gap-x-2.5 pr-3", isAnew ? "text-accent" : "bg-warn-soft text-warn")}>
      <i aria-hidden="true" className={classes("w-[3px] shrink-0", source === null ? "" : `${sourceClass(source)} bg-current`)} />
      <span className="min-w-0 [overflow-wrap:anywhere]">
        ── {source === null ? "" : `${name}: `}
        {isAnew ? t("anew") : gap.bytes === null ? t("unknown", { why: gap.why }) : t("bytes", { size: format.bytes(gap.bytes), why: gap.why })} ──
      </span>
    </div>
  );
}
