/**
 * The agents' side of the hub, as the rest of the hub sees it. The gateway knows tunnels and the
 * contract, and no domain: who an agent is, is answered by the `authenticate` that main.ts passes in.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import type { ChangeVerb, InputOf, OutputOf, ReadVerb, StreamVerb } from "@/protocol/contract";
import type { Hello, OperationHeader } from "@/protocol/shapes";

/** One accepted, live tunnel to one host. Every call fails with an AppError, never hangs. */
export interface HostLink {
  readonly hostId: string;
  readonly hello: Hello;
  /** The agreed protocol version. */
  readonly protocol: number;
  /** The address the agent came from, for display. */
  readonly address: string;
  /** A read. AppErrors: host_away, link_lost, deadline, refused_by_host, not_found, bad_input, conflict. */
  call<V extends ReadVerb>(verb: V, input: InputOf<V>, options?: CallOptions): Promise<OutputOf<V>>;
  /** A change, with its idempotency header. The same AppErrors; link_lost and deadline mean "not known yet". */
  change<V extends ChangeVerb>(verb: V, input: InputOf<V>, header: OperationHeader, options?: CallOptions): Promise<OutputOf<V>>;
  /** A stream of bytes as they come (Node stream, with back-pressure). Destroying it cancels it on the agent. */
  stream<V extends StreamVerb>(verb: V, input: InputOf<V>, options?: CallOptions): Promise<Readable>;
  /** Ends the tunnel; the agent dials again. */
  close(why: string): void;
}
export interface CallOptions {
  signal?: AbortSignal;
  /** In place of the contract's deadline. */
  deadlineMs?: number;
}

export type LinkChange =
  | { state: "up"; hostId: string; link: HostLink }
  /** `lastByteAt`: when the host was last heard, in milliseconds since 1970. */
  | { state: "down"; hostId: string; why: string; lastByteAt: number };

/** Who stands at the other end of a tunnel whose TLS handshake is done. */
export interface Peer {
  /** SHA-256 fingerprint of the agent's certificate, upper-case hex with colons: its identity. */
  fingerprint: string;
  certificatePem: string;
  address: string;
  hello: Hello;
}
export type Admission =
  | { accepted: true; hostId: string; hostName: string }
  | { accepted: false; code: InputOf<"session.refuse">["code"]; message: string };

export interface Gateway {
  /** The live link of a host, if there is one now. */
  link(hostId: string): HostLink | undefined;
  /** When a host was last heard (any byte), milliseconds since 1970; undefined if not since this hub's start. */
  heardAt(hostId: string): number | undefined;
  /** Called with every change; links that are up already are reported at once. Returns the unsubscribe. */
  onChange(listener: (change: LinkChange) => void): () => void;
  /** Takes an upgrade request for /agent. The caller has already refused requests with an Origin. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends the live link of a host and its fingerprint's handshakes, e.g. when it is revoked. */
  disconnect(hostId: string, why: string): void;
  /** Whether it takes agents; false once it was closed. */
  isOpen(): boolean;
  /** Counters for tests and benches. */
  stats(): { tunnels: number; handshakes: number; openStreams: number; refused: number; unreadBytes: number };
  close(): Promise<void>;
}
