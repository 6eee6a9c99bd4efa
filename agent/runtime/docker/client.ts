/** A thin client of the Engine API over node:http. Knows HTTP, deadlines and bounds; knows no container. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Clock } from "../../clock";
import { type EngineAddress, showAddress } from "./address";

/** What stopped a call. `sent`: whether the engine may have got it. */
export class EngineFault extends Error {
  override readonly name = "EngineFault";
  constructor(
    readonly kind: "absent" | "denied" | "down" | "stalled" | "lost" | "too_large",
    readonly sent: boolean,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

export interface EngineAnswer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}
export interface EngineRequest {
  method: "GET" | "POST" | "DELETE";
  /** Already encoded, with its version prefix and query. */
  path: string;
  /** For the whole call, or for the first byte of a stream. */
  deadlineMs: number;
}

export interface EngineClient {
  /** Where it calls, for a person. */
  where: string;
  /** One call with its whole answer. Rejects with EngineFault. Any status is an answer. */
  call(request: EngineRequest & { maxBytes: number }): Promise<EngineAnswer>;
  /** An answer to be read as it comes, once its head is there. Destroying it closes the connection. */
  open(request: EngineRequest): Promise<IncomingMessage>;
}

/** A client for one address. Each call has a connection of its own: a kept one could die under a change. */
export function createEngineClient({ address, clock }: { address: EngineAddress; clock: Clock }): EngineClient {
  const where = showAddress(address);
  const target = address.kind === "unix" ? { socketPath: address.path } : { host: address.host, port: address.port };

  function begin(request: EngineRequest, onFault: (fault: EngineFault) => void, onAnswer: (answer: IncomingMessage, disarm: () => void) => void): () => void {
    const outgoing = httpRequest({ ...target, method: request.method, path: request.path, agent: false, headers: { host: "engine", "content-length": 0 } });
    let connected = false;
    const disarm = clock.after(request.deadlineMs, () => {
      onFault(new EngineFault("stalled", connected, `the engine at ${where} did not answer within ${request.deadlineMs / 1000} s`));
      outgoing.destroy();
    });
    outgoing.on("socket", (socket) => socket.once("connect", () => (connected = true)));
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      disarm();
      onFault(toFault(error, where, connected));
    });
    outgoing.on("response", (answer) => onAnswer(answer, disarm));
    outgoing.end();
    return () => outgoing.destroy();
  }

  return {
    where,
    call: (request) =>
      new Promise((resolve, reject) => {
        const abandon = begin(request, reject, (answer, disarm) => {
          const parts: Buffer[] = [];
          let size = 0;
          answer.on("data", (part: Buffer) => {
            size += part.length;
            if (size > request.maxBytes) {
              disarm();
              reject(new EngineFault("too_large", true, `the engine's answer is over ${request.maxBytes >> 20} MiB`));
              abandon();
            } else parts.push(part);
          });
          answer.on("end", () => {
            disarm();
            if (answer.complete) resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) });
            else reject(new EngineFault("lost", true, `the engine at ${where} broke off its answer`));
          });
          answer.on("error", (cause) => {
            disarm();
            reject(new EngineFault("lost", true, `the engine at ${where} broke off its answer`, { cause }));
          });
        });
      }),
    open: (request) =>
      new Promise((resolve, reject) => {
        begin(request, reject, (answer, disarm) => {
          disarm();
          resolve(answer);
        });
      }),
  };
}

/** What a failed connection means. */
export function toFault(error: NodeJS.ErrnoException, where: string, connected: boolean): EngineFault {
  const options = { cause: error };
  if (connected) return new EngineFault("lost", true, `the connection to the engine at ${where} ended before its answer`, options);
  switch (error.code) {
    case "ENOENT":
      return new EngineFault("absent", false, `there is no socket at ${where}`, options);
    case "EACCES":
    case "EPERM":
      return new EngineFault("denied", false, `this user may not open ${where}`, options);
    default:
      return new EngineFault("down", false, `nothing answers at ${where} (${error.code ?? error.message})`, options);
  }
}
