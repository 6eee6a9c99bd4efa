/** For tests: a reader over the files of a test engine, and what it says as numbers. */
import { afterEach } from "vitest";
import { parseEntries } from "@/protocol/log-text";
import type { LogStart } from "@/protocol/logs";
import { systemClock } from "../../clock";
import type { LogPiece, LogReader } from "../log-reader";
import { createFileLogs, type FileLogs } from "./files";
import { createTestEngine, type EngineOptions, ID, type TestEngine } from "./testing-engine";

/** Called after each test, the last first. */
export const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});
export function engineWith(options: Partial<EngineOptions> = {}): { engine: TestEngine; logs: FileLogs } {
  const engine = createTestEngine({ maxSize: 2_000, maxFile: 3, ...options });
  ends.push(engine.end);
  const logs = createFileLogs({ inspect: () => Promise.resolve(engine.document()), dataRoot: () => Promise.resolve(engine.root), hostRoot: "", clock: systemClock });
  return { engine, logs };
}
export async function open(logs: FileLogs, start: LogStart = { at: "oldest" }, follow = true): Promise<LogReader> {
  const abort = new AbortController();
  const reader = await logs.open(ID, start, { follow, signal: abort.signal });
  if ("why" in reader) throw new Error(reader.why);
  ends.push(() => {
    abort.abort(new Error("the test is over"));
    reader.close();
  });
  return reader;
}
const numbersIn = (piece: LogPiece) => (piece.what === "text" ? parseEntries(Buffer.from(piece.text).toString()).map(({ text }) => Number(text.slice(0, 8))) : []);

/** What a reader said, as numbers and the places of its gaps. */
export async function collect(reader: LogReader, until: (piece: LogPiece, last: number) => boolean): Promise<{ said: (number | "gap")[]; cursor: string | null; pieces: LogPiece[] }> {
  const said: (number | "gap")[] = [];
  const pieces: LogPiece[] = [];
  let cursor: string | null = null;
  for (;;) {
    const piece = await reader.read();
    pieces.push(piece);
    if (piece.what === "gap") said.push("gap");
    said.push(...numbersIn(piece));
    if (piece.what === "text" || piece.what === "gap") cursor = piece.to ?? cursor;
    const last = said.at(-1);
    if (until(piece, typeof last === "number" ? last : -1) || piece.what === "end") return { said, cursor, pieces };
  }
}
export const upTo = (number: number) => (_: LogPiece, last: number) => last >= number;
export const toLive = (piece: LogPiece) => piece.what === "live";
export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
