/** From a reader to the link: batches as they are read, packed where there is much to say. */
import { promisify } from "node:util";
import { deflateRaw } from "node:zlib";
import { LIMITS } from "@/protocol/limits";
import { logMessageHead } from "@/protocol/log-messages";
import type { LogMessage } from "@/protocol/logs";
import type { Clock } from "../clock";
import { AgentFailure } from "../errors";
import type { ByteWriter } from "../tunnel/router";
import type { LogPiece, LogReader } from "./log-reader";

/** Messages under way: while one is sent, the next is read and packed. */
const UNDER_WAY = 2;
/**
 * Smaller texts are a quiet log's few lines, and go as they are. What pours is packed: a byte costs agent, hub
 * and page more on its way through three connections than packing it does, also where the network is free.
 */
const PACK_BYTES = 16 * 1_024;
/** What does not get smaller than this is sent as it is. */
const WORTH = 0.9;

const pack = promisify(deflateRaw);

/**
 * Sends what the reader gives until it ends. Holds UNDER_WAY messages at most, so a page that does not read holds
 * up the reader. Rejects when the hub has gone; a reader that fails ends the stream with its reason.
 */
export async function pumpLog({ reader, stream, clock, signal }: { reader: LogReader; stream: ByteWriter; clock: Clock; signal: AbortSignal }): Promise<void> {
  const underWay: Promise<void>[] = [];
  let last: Promise<void> = Promise.resolve();

  const send = async (message: LogMessage): Promise<void> => {
    if (underWay.length >= UNDER_WAY) await underWay.shift();
    const ready = message.kind === "batch" ? packed(message) : message;
    // One after the other, in the order of reading, whichever was packed first.
    const writing = last.then(async () => {
      const sent = await ready;
      await (sent.kind === "batch" ? stream.write(logMessageHead(sent), sent.text) : stream.write(logMessageHead(sent)));
    });
    writing.catch(() => undefined); // told when it is waited for
    last = writing;
    underWay.push(writing);
  };
  const readNext = async (): Promise<LogPiece> => {
    try {
      return await reader.read();
    } catch (error) {
      if (signal.aborted || !(error instanceof AgentFailure)) throw error;
      return { what: "end", why: error.message.slice(0, LIMITS.textChars), gone: false };
    }
  };
  await send({ kind: "source", head: reader.source });
  for (;;) {
    const piece = await readNext();
    await send(messageOf(piece, clock));
    if (piece.what === "end") break;
  }
  await Promise.all(underWay);
}

async function packed(message: Extract<LogMessage, { kind: "batch" }>): Promise<LogMessage & { kind: "batch" }> {
  if (message.text.length < PACK_BYTES) return message;
  const text = await pack(message.text, { level: 1 });
  return text.length < message.text.length * WORTH ? { ...message, packing: "deflate", text } : message;
}

function messageOf(piece: LogPiece, clock: Clock): LogMessage {
  switch (piece.what) {
    case "text":
      return { kind: "batch", head: { from: piece.from, to: piece.to }, form: piece.form, packing: "none", text: piece.text };
    case "gap":
      return { kind: "gap", head: { at: piece.at, bytes: piece.bytes, why: piece.why, to: piece.to } };
    case "live":
      return { kind: "live", head: { at: clock.now() } };
    case "end":
      return { kind: "end", head: { why: piece.why, gone: piece.gone } };
  }
}
