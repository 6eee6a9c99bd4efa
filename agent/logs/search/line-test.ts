/** What a search asks of a line, compiled once. */
import { isAtLeast, levelOf } from "@/protocol/log-level";
import type { LogLine } from "@/protocol/log-text";
import type { LogLevel, LogQuery } from "@/protocol/logs";
import { AgentFailure } from "../../errors";
import { requiredLiteral } from "./literal";

/** A line that is asked for. `match`: where its match begins in the text, 0 where none was asked for. */
export interface Found {
  level: LogLevel | null;
  match: number;
}

export interface LineTest {
  /** What every line that passes contains in its bytes; null: it is not known, so every line must be tested. */
  needle: Needle | null;
  /** null: not this line. */
  test(line: LogLine): Found | null;
}

export interface Needle {
  /** Where the next one begins, from `from` on; -1: there is none. */
  next(from: number): number;
  /** Looks in these bytes from now on. false: they hold letters for which this needle may not be trusted. */
  over(bytes: Buffer): boolean;
}

/** Rejects with an AgentFailure `bad_input` for what is no RE2 pattern. */
export async function compileQuery(query: LogQuery): Promise<LineTest> {
  const { pattern, ignoreCase, level, since, until } = query;
  const find = pattern === null || pattern === "" ? null : await compilePattern(pattern, ignoreCase);
  return {
    needle: find && needleOf(pattern ?? "", ignoreCase),
    test(line) {
      if (line.at !== null && ((since !== null && line.at < since) || (until !== null && line.at > until))) return null;
      const match = find ? find(line.text) : 0;
      if (match < 0) return null;
      const told = levelOf(line.text);
      return level === null || isAtLeast(told, level) ? { level: told, match } : null;
    },
  };
}

/** RE2's patterns run in time that grows with the line and not with what somebody typed. */
async function compilePattern(pattern: string, ignoreCase: boolean): Promise<(text: string) => number> {
  const { RE2JS, RE2JSException } = await import("re2js");
  try {
    const compiled = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return (text) => {
      if (!compiled.test(text)) return -1;
      const matcher = compiled.matcher(text);
      return matcher.find() ? matcher.start() : 0;
    };
  } catch (error) {
    if (error instanceof RE2JSException) throw new AgentFailure("bad_input", `The pattern cannot be used: ${error.message}`);
    throw error;
  }
}

function needleOf(pattern: string, ignoreCase: boolean): Needle | null {
  const literal = requiredLiteral(pattern, ignoreCase);
  if (literal === null) return null;
  return ignoreCase ? foldedNeedle(literal.toLowerCase()) : exactNeedle(Buffer.from(literal));
}

function exactNeedle(literal: Buffer): Needle {
  let bytes = Buffer.alloc(0) as Buffer;
  return {
    over(next) {
      bytes = next;
      return true;
    },
    next: (from) => bytes.indexOf(literal, from),
  };
}

/** The two letters beyond ASCII that are some ASCII letter's other case: ſ is an s, K a k. */
const LONG_S = Buffer.from("ſ");
const KELVIN = Buffer.from("\u212a");

function foldedNeedle(literal: string): Needle {
  let text = "";
  return {
    over(bytes) {
      text = bytes.toString("latin1").toLowerCase();
      return !(literal.includes("s") && bytes.includes(LONG_S)) && !(literal.includes("k") && bytes.includes(KELVIN));
    },
    next: (from) => text.indexOf(literal, from),
  };
}
