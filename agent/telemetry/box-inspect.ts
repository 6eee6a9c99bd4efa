/** What of an inspect document goes into a black box, within its bound. Pure. */
import { LIMITS } from "@/protocol/limits";
import { maskEnvironment } from "../masking";

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
