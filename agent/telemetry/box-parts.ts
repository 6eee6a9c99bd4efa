/** What of a container's last lines and of its inspect document goes into a black box, within its bounds. Pure. */
import { LIMITS } from "@/protocol/limits";
import { maskEnvironment } from "../masking";

/** The newest lines that fit, of json-file entries; and how many are left out or shortened. */
export function boundLines(entries: string): { lines: string; cut: number } {
  const kept: string[] = [];
  let cut = 0;
  let bytes = 0;
  const all = entries.split("\n").filter((line) => line !== "");
  for (let i = all.length - 1; i >= 0; i--) {
    const whole = all[i] ?? "";
    const line = Buffer.byteLength(whole) < LIMITS.boxLineBytes ? whole : shorten(whole);
    const length = line === null ? 0 : Buffer.byteLength(line) + 1;
    if (kept.length === LIMITS.boxLines || bytes + length > LIMITS.boxLogBytes) return { lines: joined(kept), cut: cut + i + 1 };
    if (line !== whole) cut++;
    if (line !== null) kept.push(line);
    bytes += length;
  }
  return { lines: joined(kept), cut };
}
function joined(newestFirst: string[]): string {
  return newestFirst.reverse().map((line) => `${line}\n`).join("");
}

/** An entry with less text; null where it is none. */
function shorten(line: string): string | null {
  try {
    const entry = JSON.parse(line) as { log?: unknown };
    if (typeof entry.log !== "string") return null;
    let text = entry.log;
    for (;;) {
      const short = JSON.stringify({ ...entry, log: `${text}\n` });
      const bytes = Buffer.byteLength(short);
      if (bytes < LIMITS.boxLineBytes) return short;
      if (text === "") return null;
      text = text.slice(0, Math.floor(text.length * Math.min(0.9, LIMITS.boxLineBytes / bytes))).replace(/[\ud800-\udbff]$/, "");
    }
  } catch {
    return null;
  }
}

/** The document with secrets masked, as JSON, without its largest parts where it is too long; `why` names those. */
export function boundInspect(document: Record<string, unknown>): { json: string; why: string | null } {
  const masked = maskEnvironment(document).document;
  const json = JSON.stringify(masked);
  if (Buffer.byteLength(json) <= LIMITS.boxInspectBytes) return { json, why: null };
  const parts = Object.entries(masked).map(([name, value]) => ({ name, value, bytes: Buffer.byteLength(JSON.stringify({ [name]: value })) }));
  const left: string[] = [];
  for (const largest of [...parts].sort((a, b) => b.bytes - a.bytes)) {
    if (parts.reduce((sum, { bytes }) => sum + bytes, 0) <= LIMITS.boxInspectBytes) break;
    parts.splice(parts.indexOf(largest), 1);
    left.push(largest.name);
  }
  const names = left.length > 5 ? `${left.slice(0, 5).join(", ")} and ${left.length - 5} more` : left.join(", ");
  return { json: JSON.stringify(Object.fromEntries(parts.map(({ name, value }) => [name, value]))), why: `The document was too long; left out: ${names}.`.slice(0, LIMITS.textChars) };
}
