/**
 * A log on its way from the engine to a page: length-prefixed messages in a stream of bytes. The hub passes
 * the bytes on as they come; agent and page read and write them with this file.
 *
 *   u32 length of what follows, big-endian · u8 kind · u8 form · u8 packing · u8 zero · u16 length of head ·
 *   head (JSON, UTF-8) · text
 *
 * The text of a batch stays in the form in which the engine keeps or sends it, so that the agent copies bytes
 * and the page parses only the lines that somebody looks at (see log-text.ts for the forms).
 */
import { z } from "zod/mini";
import { LIMITS } from "./limits";
import { LOG_FORMS, LOG_HEADS, LOG_KINDS, LOG_PACKINGS, type LogMessage } from "./logs";

/** Bytes before the head. */
const FIXED = 10;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The bytes of a message before its text: write them, then the text itself. */
export function logMessageHead(message: LogMessage): Uint8Array {
  const head = encoder.encode(JSON.stringify(message.head));
  const bytes = new Uint8Array(FIXED + head.length);
  const view = new DataView(bytes.buffer);
  const textLength = message.kind === "batch" ? message.text.length : 0;
  view.setUint32(0, FIXED - 4 + head.length + textLength);
  bytes[4] = LOG_KINDS.indexOf(message.kind);
  if (message.kind === "batch") {
    bytes[5] = LOG_FORMS.indexOf(message.form);
    bytes[6] = LOG_PACKINGS.indexOf(message.packing);
  }
  view.setUint16(8, head.length);
  bytes.set(head, FIXED);
  return bytes;
}

/** Thrown for bytes that no honest agent sends: the stream is at fault, and nothing after it can be read. */
export class LogMessageRefused extends Error {}

export interface LogMessageReader {
  /** The messages that are whole with these bytes. Throws LogMessageRefused. A text may share memory with `bytes`. */
  push(bytes: Uint8Array): LogMessage[];
}

/** Reads messages out of a stream of bytes that is cut anywhere. Holds at most one unfinished message. */
export function createLogMessageReader(): LogMessageReader {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let needed = 4;
  const refuse = (why: string): never => {
    throw new LogMessageRefused(why);
  };
  const lengthAt = (bytes: Uint8Array, offset: number): number => {
    const length = new DataView(bytes.buffer, bytes.byteOffset + offset, 4).getUint32(0);
    if (length < FIXED - 4 || length > LIMITS.logMessageBytes) refuse(`a message of ${length} bytes`);
    return length;
  };
  const join = (bytes: Uint8Array): Uint8Array => {
    if (heldBytes === 0) return bytes;
    const whole = new Uint8Array(heldBytes + bytes.length);
    let offset = 0;
    for (const part of held) {
      whole.set(part, offset);
      offset += part.length;
    }
    whole.set(bytes, offset);
    held = [];
    heldBytes = 0;
    return whole;
  };
  return {
    push(bytes) {
      if (heldBytes + bytes.length < needed) {
        held.push(bytes);
        heldBytes += bytes.length;
        return [];
      }
      const all = join(bytes);
      const messages: LogMessage[] = [];
      let offset = 0;
      needed = 4;
      while (all.length - offset >= 4) {
        const length = lengthAt(all, offset);
        if (all.length - offset - 4 < length) {
          needed = length + 4;
          break;
        }
        messages.push(parseMessage(all.subarray(offset + 4, offset + 4 + length), refuse));
        offset += 4 + length;
      }
      if (offset < all.length) {
        held = [all.subarray(offset)];
        heldBytes = all.length - offset;
      }
      return messages;
    },
  };
}

function parseMessage(bytes: Uint8Array, refuse: (why: string) => never): LogMessage {
  const headLength = ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0);
  const kind = LOG_KINDS[bytes[0] ?? -1] ?? refuse("a message of no known kind");
  if (6 + headLength > bytes.length) refuse("a head longer than its message");
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(bytes.subarray(6, 6 + headLength)));
  } catch {
    return refuse("a head that is no JSON");
  }
  const head = z.safeParse(LOG_HEADS[kind] as z.ZodMiniType, json);
  if (!head.success) return refuse(`a ${kind} of no known shape`);
  if (kind !== "batch") return { kind, head: head.data } as LogMessage;
  const form = LOG_FORMS[bytes[1] ?? -1] ?? refuse("a batch of no known form");
  const packing = LOG_PACKINGS[bytes[2] ?? -1] ?? refuse("a batch of no known packing");
  return { kind, head: head.data as z.infer<(typeof LOG_HEADS)["batch"]>, form, packing, text: bytes.subarray(6 + headLength) };
}
