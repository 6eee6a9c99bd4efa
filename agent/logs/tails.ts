/**
 * The ends of logs that will be gone when they are wanted: a container started with `--rm` is removed by the engine
 * the moment it ends, and its log with it. So the log of each is followed while it runs, and its end kept.
 */
import { LIMITS } from "@/protocol/limits";
import { createLogIndex, writeEntry } from "@/protocol/log-text";
import type { LogForm, LogStart } from "@/protocol/logs";
import type { Clock } from "../clock";
import { AgentFailure } from "../errors";
import type { Reflector } from "../reflector";
import { cutLines, type LastLines } from "./last-lines";
import type { LogReader } from "./log-reader";

/** Such containers whose end is kept at once, and the bytes kept of one. Protects the agent from a host full of them. */
const TAILS = 64;
const TAIL_BYTES = 96 * 1024;
/** How long the end of a container that is gone is kept for whoever asks for it. */
const KEPT_MS = 60_000;
/** How long what it said last may be on its way after its end. */
const ENDING_MS = 2_000;

export interface Tails {
  /** The end of a log that is kept; null: this one is not. Waits until all of it was read. */
  take(id: string, lines: number): Promise<LastLines | null>;
  /** Why the end of this one was not kept; null: it should have been, or need not be. */
  whyNot(id: string): string | null;
  stop(): void;
}

interface Tail {
  abort: AbortController;
  pieces: { text: Uint8Array; form: LogForm }[];
  bytes: number;
  isCut: boolean;
  ended: Promise<void>;
  forget: (() => void) | null;
}

type Open = (id: string, start: LogStart, options: { follow: boolean; signal: AbortSignal }) => Promise<LogReader>;

export function createTails({ reflector, clock, open }: { reflector: Reflector; clock: Clock; open: Open }): Tails {
  const tails = new Map<string, Tail>();
  /** Running ones for which there was no room. */
  const passedOver = new Set<string>();

  function hold(id: string): void {
    const tail: Tail = { abort: new AbortController(), pieces: [], bytes: 0, isCut: false, ended: Promise.resolve(), forget: null };
    tails.set(id, tail);
    tail.ended = follow(id, tail).catch((error: unknown) => {
      if (!(error instanceof AgentFailure)) throw error; // what cannot be read now is looked for again when it is asked for
    });
  }
  async function follow(id: string, tail: Tail): Promise<void> {
    const reader = await open(id, { at: "tail", lines: LIMITS.boxLines }, { follow: true, signal: tail.abort.signal });
    try {
      for (;;) {
        const piece = await reader.read();
        if (piece.what === "end") return;
        if (piece.what !== "text") continue;
        // A copy: what a reader gives may be a small part of a large block.
        tail.pieces.push({ text: Uint8Array.from(endOf(piece.text, piece.form)), form: piece.form });
        tail.bytes += tail.pieces.at(-1)!.text.length;
        while (tail.pieces.length > 1 && tail.bytes - tail.pieces[0]!.text.length >= TAIL_BYTES) {
          tail.bytes -= tail.pieces.shift()!.text.length;
          tail.isCut = true;
        }
      }
    } finally {
      reader.close();
    }
  }
  function release(id: string): void {
    const tail = tails.get(id);
    tails.delete(id);
    tail?.forget?.();
    tail?.abort.abort();
  }
  function look(): void {
    const containers = reflector.containers();
    for (const [id, tail] of tails) if (!containers.has(id)) tail.forget ??= clock.after(KEPT_MS, () => release(id));
    for (const id of passedOver) if (!containers.has(id)) passedOver.delete(id);
    for (const [id, { state, autoRemove }] of containers) {
      if (!autoRemove || state !== "running" || tails.has(id)) continue;
      if (tails.size < TAILS) hold(id);
      else passedOver.add(id);
    }
  }
  const unsubscribe = reflector.subscribe(({ what }) => (what === "list" || what === "container") && look());
  look();

  return {
    async take(id, lines) {
      const tail = tails.get(id);
      if (!tail) return null;
      let disarm = () => {};
      await Promise.race([tail.ended, new Promise<void>((resolve) => (disarm = clock.after(ENDING_MS, resolve)))]);
      disarm();
      return tail.pieces.length === 0 ? null : cutLines(entriesOf(tail), lines, null);
    },
    whyNot: (id) => (passedOver.has(id) ? `The engine removes this container as it ends, and ${TAILS} logs of such containers were followed already.` : null),
    stop() {
      unsubscribe();
      for (const id of [...tails.keys()]) release(id);
    },
  };
}

/** The whole entries, lines or frames at the end, TAIL_BYTES of them or a little less. */
function endOf(text: Uint8Array, form: LogForm): Uint8Array {
  if (text.length <= TAIL_BYTES) return text;
  const from = text.length - TAIL_BYTES;
  if (form !== "multiplexed") return text.subarray(text.indexOf(10, from) + 1);
  const view = new DataView(text.buffer, text.byteOffset, text.byteLength);
  let at = 0;
  while (at < from && at + 8 <= text.length) at += 8 + view.getUint32(at + 4);
  return text.subarray(at);
}

function entriesOf({ pieces }: Tail): string {
  const index = createLogIndex();
  const chunks = [...pieces.map(({ text, form }) => index.push(text, form)), index.flush()];
  return chunks.flatMap((chunk) => (chunk ? Array.from({ length: chunk.lines }, (_, i) => writeEntry(chunk.line(i))) : [])).join("");
}
