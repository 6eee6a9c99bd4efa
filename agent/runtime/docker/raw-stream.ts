/**
 * One long answer of the engine, read byte for byte into the caller's own memory. A log comes as a million small
 * writes; node:http would make an object of each. Asked in HTTP/1.0, to which the engine answers without chunks,
 * so that what comes after the head is the body and nothing else.
 */
import { type NetConnectOpts, type Socket, connect } from "node:net";
import type { Clock } from "../../clock";
import type { ByteReceiver, ByteSource } from "../runtime";
import { type EngineAddress, showAddress } from "./address";
import { EngineFault, toFault } from "./client";

/** An answer other than 200, with the beginning of its body. */
export interface RawRefusal {
  status: number;
  body: Buffer;
}

/** A head of the engine is some 250 bytes; an error's sentence comes in the same buffer. */
const HEAD_BYTES = 16 * 1024;
const HEAD_END = Buffer.from("\r\n\r\n");

/**
 * Asks for `path` and hands the body to `receiver`. Resolves when the head is there; rejects with EngineFault.
 * Nothing is received before it resolves. `receiver` gets no more than it has room for.
 */
export function openRaw(options: { address: EngineAddress; clock: Clock; path: string; deadlineMs: number; receiver: ByteReceiver }): Promise<ByteSource | RawRefusal> {
  const { address, clock, path, deadlineMs, receiver } = options;
  const where = showAddress(address);
  return new Promise((resolve, reject) => {
    let head: Buffer | null = Buffer.allocUnsafe(HEAD_BYTES);
    let headBytes = 0;
    let refusal: RawRefusal | null = null;
    let isConnected = false;
    let isOver = false;
    const end = (fault: EngineFault | null) => {
      if (isOver) return;
      isOver = true;
      disarm();
      socket.destroy();
      if (refusal) resolve(refusal);
      else if (head) reject(fault ?? new EngineFault("lost", true, `the engine at ${where} closed the connection before its answer`));
      else receiver.ended(fault?.message ?? null);
    };
    const onHead = (): boolean => {
      const at = head!.subarray(0, headBytes).indexOf(HEAD_END);
      if (at < 0) {
        if (headBytes === HEAD_BYTES) end(new EngineFault("lost", true, `what listens at ${where} does not answer like a container engine`));
        return true;
      }
      const text = head!.toString("latin1", 0, at);
      const body = head!.subarray(at + HEAD_END.length, headBytes);
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
      if (status !== 200) {
        refusal ??= { status, body };
        refusal.body = body;
        if (headBytes === HEAD_BYTES) end(null);
        return true;
      }
      if (/^transfer-encoding:/im.test(text)) {
        end(new EngineFault("lost", true, `what listens at ${where} answers HTTP/1.0 in chunks, which no engine does`));
        return false;
      }
      head = null;
      disarm();
      resolve({ resume: () => void socket.resume(), close });
      return body.length === 0 || copyInto(receiver, body);
    };
    const onread = {
      buffer: () => (head ? head.subarray(headBytes) : receiver.room()),
      callback(bytes: number): boolean {
        if (isOver) return false;
        if (!head) return receiver.took(bytes);
        headBytes += bytes;
        return onHead();
      },
    };
    const target: NetConnectOpts = address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
    // The types know only a Uint8Array for `buffer`; a function is documented and called before each read.
    const socket: Socket = connect({ ...target, onread } as unknown as NetConnectOpts);
    const close = () => {
      isOver = true;
      disarm();
      socket.destroy();
    };
    const disarm = clock.after(deadlineMs, () => end(new EngineFault("stalled", isConnected, `the engine at ${where} did not answer within ${deadlineMs / 1000} s`)));
    socket.on("connect", () => {
      isConnected = true;
      socket.write(`GET ${path} HTTP/1.0\r\nHost: engine\r\n\r\n`);
    });
    socket.on("error", (error) => end(toFault(error, where, isConnected)));
    socket.on("end", () => end(null));
    socket.on("close", () => end(null));
  });
}

/** What came together with the head. */
function copyInto(receiver: ByteReceiver, bytes: Buffer): boolean {
  let isGoingOn = true;
  for (let at = 0; at < bytes.length;) {
    const room = receiver.room();
    const copied = bytes.copy(room, 0, at);
    at += copied;
    isGoingOn = receiver.took(copied);
  }
  return isGoingOn;
}
