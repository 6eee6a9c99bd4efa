/**
 * The hub's requests through one tunnel. Each has a deadline, can be cancelled, and ends with an AppError
 * when the tunnel does; nothing that the agent answers is believed before it was measured and parsed.
 */
import { constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import type { Readable } from "node:stream";
import { z } from "zod/mini";
import { CONTRACT, type CallVerb, type InputOf, type OutputOf, type StreamVerb, type Verb, type VerbName } from "@/protocol/contract";
import { LIMITS } from "@/protocol/limits";
import { AgentError, type OperationHeader } from "@/protocol/shapes";
import type { Carrier } from "@/protocol/wire/carrier";
import { parseJson } from "@/protocol/wire/json";
import type { Clock } from "@/server/lib/clock";
import { AppError, describeError, type AppErrorCode } from "@/server/lib/errors";
import type { CallOptions } from "./gateway";

export interface Requests {
  call<V extends CallVerb>(verb: V, input: InputOf<V>, options?: CallOptions, operation?: OperationHeader): Promise<OutputOf<V>>;
  stream<V extends StreamVerb>(verb: V, input: InputOf<V>, options?: CallOptions): Promise<Readable>;
  /** Requests that are open now. */
  open(): number;
  /** What each open request holds that nobody has read yet, and how to cut it off. */
  unread(): { bytes: number; cut(): void }[];
}

/** One request on its way. `settle` answers the caller; only the first one counts. */
interface Pending {
  stream: ClientHttp2Stream;
  heldBytes: number;
  fail(error: AppError): void;
}

const HOW_AN_AGENT_ERROR_LOOKS: Record<AgentError["code"], AppErrorCode> = {
  bad_input: "bad_input",
  not_allowed: "refused_by_host",
  not_found: "not_found",
  conflict: "conflict",
  engine_unavailable: "refused_by_host",
  engine_error: "refused_by_host",
  deadline: "deadline",
  unsupported: "refused_by_host",
  busy: "refused_by_host",
  internal: "refused_by_host",
};
/** Codes that neither end uses by itself: Node gives them to a stream that broke the protocol or a bound. */
const PROTOCOL_FAULTS: ReadonlySet<number | undefined> = new Set([
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_FLOW_CONTROL_ERROR,
  constants.NGHTTP2_FRAME_SIZE_ERROR,
  constants.NGHTTP2_COMPRESSION_ERROR,
  constants.NGHTTP2_ENHANCE_YOUR_CALM,
]);
const ErrorBody = z.object({ error: AgentError });

/** Makes the requests of one tunnel. */
export function createRequests(session: ClientHttp2Session, carrier: Carrier, clock: Clock): Requests {
  const pending = new Set<Pending>();
  const { guard, flood } = carrier;
  guard.onEnd((ended) => {
    for (const request of [...pending]) request.fail(lost(ended.message));
  });
  // What no honest agent sends; Node would take any number of them.
  session.on("altsvc", () => guard.end("HTTP/2: it sent ALTSVC"));
  session.on("origin", () => guard.end("HTTP/2: it sent ORIGIN"));
  session.on("stream", () => guard.end("HTTP/2: it pushed"));

  /** Opens the stream and keeps it among the pending until it closes. */
  const begin = (verb: VerbName, input: unknown, options: CallOptions, operation: OperationHeader | undefined, onFail: (error: AppError) => void): Pending => {
    const parsed = z.safeParse(CONTRACT[verb].input as z.ZodMiniType, input);
    if (!parsed.success) throw new AppError("bad_input", `${verb} was asked with a wrong input: ${z.prettifyError(parsed.error)}`);
    if (guard.ended) throw new AppError("host_away", `The host is not connected now: ${guard.ended.message}.`);
    if (pending.size >= LIMITS.openRequests) throw new AppError("rate_limited", `${LIMITS.openRequests} requests to this host are open already; try again when some have ended.`);
    if (options.signal?.aborted) throw new AppError("link_lost", `${verb} was cancelled before it was sent.`, { cause: options.signal.reason });
    let stream: ClientHttp2Stream;
    try {
      stream = session.request({ ":method": "POST", ":path": `/${verb}`, "content-type": "application/json" });
    } catch (error) {
      throw new AppError("host_away", `The host is not connected now: ${describeError(error)}.`, { cause: error });
    }
    const request: Pending = {
      stream,
      heldBytes: 0,
      fail(error) {
        onFail(error);
        if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
        stream.destroy(error);
      },
    };
    pending.add(request);
    const onAbort = () => request.fail(new AppError("link_lost", `${verb} was cancelled; what came of it is not known.`, { cause: options.signal?.reason }));
    options.signal?.addEventListener("abort", onAbort, { once: true });
    stream.on("close", () => {
      pending.delete(request);
      options.signal?.removeEventListener("abort", onAbort);
      // What was on its way when we stopped reading is not the agent's fault.
      if (!stream.readableEnded) flood.delivered(LIMITS.streamWindowBytes);
      if (PROTOCOL_FAULTS.has(stream.rstCode)) guard.end(`HTTP/2: a stream failed (${stream.rstCode})`);
    });
    stream.on("error", (error) => onFail(error instanceof AppError ? error : lost(error.message)));
    for (const extra of ["headers", "continue", "trailers"]) stream.on(extra, () => guard.end(`HTTP/2: it sent ${extra} beside an answer`));
    countDelivered(stream, flood.delivered);
    stream.end(JSON.stringify({ input: parsed.data, operation }));
    return request;
  };

  /** The whole body of an answer as text. Fails the request when it is over `limit`. */
  const collect = (request: Pending, limit: number, done: (text: string) => void) => {
    const chunks: Buffer[] = [];
    request.stream.on("data", (chunk: Buffer) => {
      request.heldBytes += chunk.length;
      if (request.heldBytes > limit) return request.fail(lost(`it sent an answer over ${limit} bytes`));
      chunks.push(chunk);
    });
    request.stream.on("end", () => done(Buffer.concat(chunks).toString("utf8")));
  };

  return {
    call<V extends CallVerb>(verb: V, input: InputOf<V>, options: CallOptions = {}, operation?: OperationHeader) {
      return new Promise<OutputOf<V>>((resolve, reject) => {
        const request = begin(verb, input, options, operation, reject);
        const cancelDeadline = clock.after(options.deadlineMs ?? CONTRACT[verb].deadlineMs, () => request.fail(tooLate(verb)));
        let headers: IncomingHttpHeaders | null = null;
        request.stream.on("response", (answer) => (headers = answer));
        collect(request, LIMITS.answerBytes, (text) => {
          try {
            resolve(readAnswer(verb, headers?.[":status"], text) as OutputOf<V>);
          } catch (error) {
            reject(error as AppError);
          }
        });
        request.stream.on("close", () => {
          cancelDeadline();
          reject(lost("the answer was cut off")); // no effect on a call that was answered
        });
      });
    },
    stream<V extends StreamVerb>(verb: V, input: InputOf<V>, options: CallOptions = {}) {
      return new Promise<Readable>((resolve, reject) => {
        const request = begin(verb, input, options, undefined, reject);
        const { stream } = request;
        const cancelDeadline = clock.after(options.deadlineMs ?? CONTRACT[verb].deadlineMs, () => request.fail(tooLate(verb)));
        stream.on("response", (headers) => {
          cancelDeadline();
          if (headers[":status"] === 200) return resolve(stream);
          collect(request, LIMITS.requestBytes, (text) => reject(readError(verb, text)));
        });
        stream.on("close", () => {
          cancelDeadline();
          reject(lost("the answer was cut off"));
        });
      });
    },
    open: () => pending.size,
    unread: () =>
      [...pending].map((request) => ({
        bytes: request.heldBytes + request.stream.readableLength,
        cut: () => request.fail(lost("the hub held too much that nobody read")),
      })),
  };
}

/** The checked output of an answer. Throws AppError. */
function readAnswer(verb: CallVerb, status: number | string | string[] | undefined, text: string): unknown {
  if (status !== 200) throw readError(verb, text);
  const parsed = parseJson(text);
  if (!parsed.ok) throw lost(`it answered ${verb} with ${parsed.why}`);
  const row: Verb = CONTRACT[verb];
  const output = z.safeParse(row.output as z.ZodMiniType, parsed.value);
  if (!output.success) throw lost(`it answered ${verb} in a shape that this hub does not know: ${z.prettifyError(output.error)}`);
  return output.data;
}

/** What an answer with an error status means. */
function readError(verb: VerbName, text: string): AppError {
  const parsed = parseJson(text);
  const body = parsed.ok ? ErrorBody.safeParse(parsed.value) : null;
  if (!body?.success) return lost(`it answered ${verb} with an error of no known shape`);
  const { code, message } = body.data.error;
  return new AppError(HOW_AN_AGENT_ERROR_LOOKS[code], message, { cause: body.data.error });
}

function lost(why: string): AppError {
  return new AppError("link_lost", `The link to the host broke off: ${why}. What came of the request is not known yet.`);
}

function tooLate(verb: VerbName): AppError {
  return new AppError("deadline", `The host did not answer ${verb} in time. What came of it is not known yet.`);
}

/**
 * Node keeps no count of the bytes of a stream, and a listener for data would start it flowing; push() is
 * where each chunk enters it.
 */
function countDelivered(stream: ClientHttp2Stream, delivered: (bytes: number) => void): void {
  const push = stream.push.bind(stream);
  stream.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
    if (chunk) delivered(chunk.length);
    return push(chunk, encoding);
  };
}
