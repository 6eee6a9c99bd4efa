/** The last lines of a log, cut to what a black box holds. */
import { LIMITS } from "@/protocol/limits";
import { parseEntries, writeEntry } from "@/protocol/log-text";

export interface LastLines {
  /** json-file entries, oldest first: at most LIMITS.boxLogBytes in UTF-8. */
  lines: string;
  /** How many of the wanted lines are left out or shortened to keep the bounds. */
  cut: number;
  /** For a person, why there are none or not all; null when all is well. */
  why: string | null;
}

/** The last `lines` of some entries, each at most LIMITS.boxLineBytes and all at most LIMITS.boxLogBytes; the newest are kept. */
export function cutLines(text: string, lines: number, why: string | null): LastLines {
  const entries = parseEntries(text).slice(-lines);
  const kept: string[] = [];
  let bytes = 0;
  let cut = 0;
  for (let i = entries.length - 1; i >= 0; i--) {
    const line = entries[i]!;
    let entry = writeEntry(line);
    if (Buffer.byteLength(entry) > LIMITS.boxLineBytes) {
      cut += 1;
      entry = shortened(line);
    }
    bytes += Buffer.byteLength(entry);
    if (bytes > LIMITS.boxLogBytes) {
      cut += i + 1;
      break;
    }
    kept.push(entry);
  }
  return { lines: kept.reverse().join(""), cut, why };
}

/** As much of its beginning as fits, however its characters are written. */
function shortened(line: Parameters<typeof writeEntry>[0]): string {
  for (let chars = Math.floor(LIMITS.boxLineBytes * 0.9); ; chars = Math.floor(chars / 2)) {
    const entry = writeEntry({ ...line, text: `${line.text.slice(0, chars).replace(/[\ud800-\udbff]$/, "")}…` });
    if (Buffer.byteLength(entry) <= LIMITS.boxLineBytes || chars === 0) return entry;
  }
}
