/**
 * The agent's answers: one request of the hub is one HTTP/2 stream `POST /<verb>`. The router parses,
 * checks the shape, calls the handler and answers; it knows no runtime.
 */
import { once } from "node:events";
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { z } from "zod/mini";
import type { Clock } from "@/agent/clock";
import { AgentFailure } from "@/agent/errors";
import { CONTRACT, isChange, type BytesVerb, type CallVerb, type InputOf, type LineVerb, type OutputOf, type Verb, type VerbName } from "@/protocol/contract";
import { LIMITS, TIMES } from "@/protocol/limits";
import { OperationHeader, type AgentError } from "@/protocol/shapes";
import type { FloodGate } from "@/protocol/wire/flood";
import { parseJson } from "@/protocol/wire/json";

/** What a handler gets beside its input. */
export interface CallContext {
  /** Who asked and under which idempotency key; set for every change, null for every read. */
  operation: OperationHeader | null;
  /**
   * Aborted when the hub cancelled or the tunnel ended. A read should stop; a change that has begun must
   * go on and be recorded, because the hub will ask for its outcome.
   */
  signal: AbortSignal;
}

/** What a stream handler gets. The answer ends when its promise settles; lines are written one after another. */
export interface StreamContext extends CallContext {
  stream: LineWriter;
}

/** What a handler of bytes gets. The answer ends when its promise settles. */
export interface BytesContext extends CallContext {
  stream: ByteWriter;
}

/** Writes bytes with back-pressure. */
export interface ByteWriter {
  /** Writes these parts in order; resolves when there is room for more. Rejects once the hub has cancelled or the tunnel has ended. The bytes must not change afterwards. */
  write(...parts: Uint8Array[]): Promise<void>;
  /** Bytes written and not yet taken by the tunnel: the way to the hub is the slower part while this is not 0. */
  readonly waiting: number;
}

/** Writes NDJSON with back-pressure. */
export interface LineWriter {
  /**
   * Writes one value as one line; resolves when there is room for more, so awaiting it paces the writer.
   * Rejects once the hub has cancelled, the tunnel has ended, or the line is over `LIMITS.lineBytes`.
   */
  write(value: unknown): Promise<void>;
}

type SessionVerb = "session.open" | "session.accept" | "session.refuse";

/** One function a verb. The tunnel itself answers `session.*`. Throw AgentFailure for what is expected to fail. */
export type Handlers = {
  [V in Exclude<CallVerb, SessionVerb>]: (input: InputOf<V>, context: CallContext) => OutputOf<V> | Promise<OutputOf<V>>;
} & {
  [V in LineVerb]: (input: InputOf<V>, context: StreamContext) => Promise<void>;
} & {
  [V in BytesVerb]: (input: InputOf<V>, context: BytesContext) => Promise<void>;
};

/** What the tunnel itself answers. */
export type SessionHandlers = {
  [V in SessionVerb]: (input: InputOf<V>) => OutputOf<V> | Promise<OutputOf<V>>;
};

export interface RouterOptions {
  handlers: Handlers & SessionHandlers;
  /** Throws AgentFailure for a verb that this tunnel does not answer yet. */
  gate(verb: VerbName): void;
  /** Told of what no handler should throw. */
  onBug(verb: VerbName, error: unknown): void;
  flood: FloodGate;
  clock: Clock;
}

type AnyHandler = (input: unknown, context: CallContext & { stream: unknown }) => unknown;

const STATUS: Record<AgentError["code"], number> = {
  bad_input: 400,
  not_allowed: 403,
  not_found: 404,
  conflict: 409,
  busy: 429,
  internal: 500,
  unsupported: 501,
  engine_error: 502,
  engine_unavailable: 503,
  deadline: 504,
};
const Envelope = z.strictObject({ input: z.unknown(), operation: z.optional(z.unknown()) });

/** The listener for a session's streams. It answers each, and throws nothing whatever the hub does. */
export function createRouter({ handlers, gate, onBug, flood, clock }: RouterOptions) {
  return (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    stream.on("error", () => undefined); // the hub cancelled, or the tunnel ended: the close below says it all
    const abort = new AbortController();
    stream.on("close", () => abort.abort());
    void answer(stream, headers, abort).catch((error: unknown) => onBug("session.open", error));
  };

  async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, abort: AbortController): Promise<void> {
    let verb: VerbName | null = null;
    const timers: (() => void)[] = [];
    try {
      verb = verbOf(headers);
      timers.push(clock.after(TIMES.requestMs, () => stream.close(constants.NGHTTP2_CANCEL)));
      const { input, operation } = readRequest(verb, await readBody(stream, flood));
      timers.splice(0).forEach((cancel) => cancel());
      gate(verb);
      const handler = handlers[verb] as AnyHandler;
      const row: Verb = CONTRACT[verb];
      const context = { operation, signal: abort.signal, stream: row.kind === "bytes" ? createByteWriter(stream) : createLineWriter(stream) };
      if (row.kind !== "call") {
        await handler(input, context);
        if (!stream.headersSent) respond(stream, CONTENT_TYPES[row.kind]);
        return void stream.end();
      }
      const late = new Promise<never>((_resolve, reject) => {
        timers.push(clock.after(row.deadlineMs, () => reject(new AgentFailure("deadline", `${verb} took longer than ${row.deadlineMs / 1_000} s on the host. What came of it is not known yet.`))));
      });
      const output = await Promise.race([handler(input, context), late]);
      const text = JSON.stringify(output);
      if (Buffer.byteLength(text) > LIMITS.answerBytes) throw new AgentFailure("internal", `The answer is over ${LIMITS.answerBytes} bytes.`);
      finish(stream, 200, text, clock);
    } catch (error) {
      const failure = error instanceof AgentFailure ? error : new AgentFailure("internal", "The agent has a fault; its own log says more.");
      if (failure !== error && !abort.signal.aborted) onBug(verb ?? "session.open", error);
      if (stream.headersSent) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else finish(stream, STATUS[failure.code], JSON.stringify({ error: { code: failure.code, message: failure.message.slice(0, LIMITS.textChars) } }), clock);
    } finally {
      timers.forEach((cancel) => cancel());
    }
  }
}

function verbOf(headers: IncomingHttpHeaders): VerbName {
  const verb = headers[":path"]?.slice(1) ?? "";
  if (headers[":method"] !== "POST" || !Object.hasOwn(CONTRACT, verb)) {
    throw new AgentFailure("unsupported", "This agent has no such verb: update it if the hub is newer.");
  }
  return verb as VerbName;
}

function readRequest(verb: VerbName, text: string): { input: unknown; operation: OperationHeader | null } {
  const parsed = parseJson(text);
  if (!parsed.ok) throw new AgentFailure("bad_input", `The request is ${parsed.why}.`);
  const envelope = Envelope.safeParse(parsed.value);
  if (!envelope.success) throw new AgentFailure("bad_input", "The request has no envelope of input and operation.");
  const row: Verb = CONTRACT[verb];
  const input = z.safeParse(row.input as z.ZodMiniType, envelope.data.input);
  if (!input.success) throw new AgentFailure("bad_input", `${verb} was asked with a wrong input: ${z.prettifyError(input.error)}`);
  if (!isChange(verb)) return { input: input.data, operation: null };
  const operation = OperationHeader.safeParse(envelope.data.operation);
  if (!operation.success) throw new AgentFailure("bad_input", `${verb} changes something and came without its operation header.`);
  return { input: input.data, operation: operation.data };
}

async function readBody(stream: ServerHttp2Stream, flood: FloodGate): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // A body that is too long still gets its answer, so leaving early must not destroy the stream.
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    flood.delivered(chunk.length);
    if (bytes > LIMITS.requestBytes) throw new AgentFailure("bad_input", `The request is over ${LIMITS.requestBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Answers whole. A hub that does not take the answer in time loses it. */
function finish(stream: ServerHttp2Stream, status: number, text: string, clock: Clock): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  const cancel = clock.after(TIMES.answerMs, () => stream.close(constants.NGHTTP2_CANCEL));
  stream.once("close", cancel);
  stream.respond({ ":status": status, "content-type": "application/json" });
  stream.end(text);
}

const CONTENT_TYPES = { stream: "application/x-ndjson", bytes: "application/octet-stream" };
function respond(stream: ServerHttp2Stream, contentType: string): void {
  stream.respond({ ":status": 200, "content-type": contentType });
}

function createLineWriter(stream: ServerHttp2Stream): LineWriter {
  return {
    async write(value) {
      const line = `${JSON.stringify(value)}\n`;
      if (Buffer.byteLength(line) > LIMITS.lineBytes) throw new AgentFailure("internal", `A line is over ${LIMITS.lineBytes} bytes.`);
      begin(stream, CONTENT_TYPES.stream);
      if (!stream.write(line)) await drained(stream);
    },
  };
}

function createByteWriter(stream: ServerHttp2Stream): ByteWriter {
  return {
    async write(...parts) {
      begin(stream, CONTENT_TYPES.bytes);
      let room = true;
      for (const part of parts) room = stream.write(part);
      if (!room) await drained(stream);
    },
    get waiting() {
      return stream.writableLength;
    },
  };
}

function begin(stream: ServerHttp2Stream, contentType: string): void {
  if (stream.destroyed || stream.closed) throw new AgentFailure("internal", "The hub ended the stream.");
  if (!stream.headersSent) respond(stream, contentType);
}

async function drained(stream: ServerHttp2Stream): Promise<void> {
  const gone = new AbortController();
  const onClose = () => gone.abort();
  stream.once("close", onClose);
  try {
    await once(stream, "drain", { signal: gone.signal });
  } catch (error) {
    throw new AgentFailure("internal", "The hub ended the stream.", { cause: error });
  } finally {
    stream.off("close", onClose);
  }
}
