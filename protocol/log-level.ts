/**
 * How bad a line is, told from its text: as loggers write it in words, in JSON, in brackets, in one letter. Used by
 * the page to colour and by the agent to search, so both say the same. A guess is no answer: a word in the middle of
 * a sentence ("no error") says nothing.
 */
import type { LogLevel } from "./logs";

const WORDS: Readonly<Record<string, LogLevel>> = {
  trace: "trace", trc: "trace", verbose: "trace", finest: "trace", finer: "trace", silly: "trace",
  debug: "debug", dbg: "debug", debg: "debug", fine: "debug", debug1: "debug", debug2: "debug", debug3: "debug", debug4: "debug", debug5: "debug",
  info: "info", inf: "info", information: "info", informational: "info", notice: "info", note: "info", log: "info", hint: "info",
  warn: "warn", warning: "warn", wrn: "warn",
  error: "error", err: "error", eror: "error", erro: "error", severe: "error",
  fatal: "fatal", ftl: "fatal", fata: "fatal", critical: "fatal", crit: "fatal", emerg: "fatal", emergency: "fatal", alert: "fatal", panic: "fatal", pnc: "fatal",
};
/** Words that stand in a sentence as well, so that a head without brackets must write them large or with a colon. */
const LOOSE = new Set(["note", "log", "hint", "fine", "alert", "trace", "notice", "verbose", "critical", "panic", "information"]);
const LETTERS: Readonly<Record<string, LogLevel>> = { V: "trace", T: "trace", D: "debug", I: "info", N: "info", W: "warn", E: "error", F: "fatal", C: "fatal" };
/** Numbers of pino and bunyan. */
const TENS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];
/** Of syslog, 0 to 7. */
const SEVERITIES: readonly LogLevel[] = ["fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"];

/** How much of a line is looked at: a level further in is part of what it says. */
const HEAD_CHARS = 400;
const START_CHARS = 120;

/** `level=warn`, `lvl="error"`, `"severity":"ERROR"`, `"level":50`, and the same with escaped quotes. */
const NAMED = /(?:^|[\s{,;(["\\])(?:log\.?level|level_?name|level|lvl|severity|sev)\\?["']?\s?[=:]\s?\\?["']?(?:([A-Za-z]+\d?)|(\d{1,2}))(?=[\s"'\\,;}\])|]|$)/i;
const BRACKETED = /[[<(|]\s{0,2}([A-Za-z]{3,13}\d?)\s{0,6}(?:[\]>)|]|:\s)/g;
const KLOG = /^([VDIWEF])(?:\d{4} |\d{8} |\/)/;
const SYSLOG = /^<(\d{1,3})>/;
/** A word at the start, after what a time, a process and a name may put before it. */
const HEAD_WORD = /(?:^|[\s\]|)>-])([A-Za-z]{3,13}\d?)(:|\s|\]|\||\[|!|$)/g;
const ANSI = /\u001b\[[0-9;]*m/g;  

/** The level that a line tells; null: it tells none. The text is one line without its newline. */
export function levelOf(text: string): LogLevel | null {
  let head = text.length > HEAD_CHARS ? text.slice(0, HEAD_CHARS) : text;
  if (head.includes("\u001b")) head = head.replace(ANSI, "");
  return fromMarks(head) ?? fromNames(head) ?? fromBrackets(head) ?? fromWords(head);
}

/** Whether a level is that one or worse; none is not. */
export function isAtLeast(level: LogLevel | null, least: LogLevel): boolean {
  return level !== null && TENS.indexOf(level) >= TENS.indexOf(least);
}

function fromMarks(head: string): LogLevel | null {
  const klog = KLOG.exec(head);
  if (klog) return LETTERS[klog[1] ?? ""] ?? null;
  const syslog = SYSLOG.exec(head);
  return syslog && Number(syslog[1]) < 192 ? (SEVERITIES[Number(syslog[1]) % 8] ?? null) : null;
}

function fromNames(head: string): LogLevel | null {
  const found = NAMED.exec(head);
  if (!found) return null;
  const [, word, digits] = found;
  if (word !== undefined) return WORDS[word.toLowerCase()] ?? (word.length === 1 ? (LETTERS[word.toUpperCase()] ?? null) : null);
  const number = Number(digits);
  return number >= 10 ? (TENS[Math.floor(number / 10) - 1] ?? "fatal") : (SEVERITIES[number] ?? null);
}

function fromBrackets(head: string): LogLevel | null {
  BRACKETED.lastIndex = 0;
  for (let found = BRACKETED.exec(head); found && found.index < START_CHARS; found = BRACKETED.exec(head)) {
    const level = WORDS[(found[1] ?? "").toLowerCase()];
    if (level) return level;
  }
  return null;
}

function fromWords(head: string): LogLevel | null {
  HEAD_WORD.lastIndex = 0;
  for (let found = HEAD_WORD.exec(head); found && found.index < START_CHARS; found = HEAD_WORD.exec(head)) {
    const word = found[1] ?? "";
    const end = found[2] ?? "";
    const level = WORDS[word.toLowerCase()];
    if (level && isSaid(word, end, head.slice(0, found.index))) return level;
    HEAD_WORD.lastIndex = found.index + found[0].length - end.length;
  }
  return null;
}

/** Whether a word in the open is a level: in capitals, or before a colon, or right after a time stamp; not in the run of a sentence. */
function isSaid(word: string, end: string, before: string): boolean {
  if (word === word.toUpperCase()) return true;
  const isLower = word === word.toLowerCase();
  const follows = /^[\s\d[\]():.,+TZ/|-]*$/.test(before);
  if (end === ":") return follows || !/[a-z]{2,}\s[a-z]{2,}/.test(before);
  return follows && before.length > 0 && /\d/.test(before) && !LOOSE.has(word.toLowerCase()) && (isLower || /^[A-Z][a-z]+$/.test(word));
}
