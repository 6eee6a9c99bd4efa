/**
 * The agent's tunnel to its hub: dials, is judged, serves, and when it ends for whatever reason, waits and
 * dials again. Its states are explicit, and only `enter` changes them.
 */
import type { ServerHttp2Session } from "node:http2";
import { createSecureContext } from "node:tls";
import type { Clock } from "@/agent/clock";
import { AgentFailure } from "@/agent/errors";
import type { InputOf, VerbName } from "@/protocol/contract";
import { TIMES } from "@/protocol/limits";
import type { Hello } from "@/protocol/shapes";
import type { Carrier } from "@/protocol/wire/carrier";
import type { LinkIdentity } from "@/protocol/wire/identity";
import { backoffMs, refusedWaitMs } from "./backoff";
import { dial, doorOf, type Dialling } from "./dial";
import { createRouter, type Handlers } from "./router";

export type TunnelState =
  /** The WebSocket is being opened. */
  | { state: "dialling" }
  /** TLS and the pins. */
  | { state: "handshake" }
  /** The hub is proven; it judges us. */
  | { state: "waiting for accept" }
  | { state: "accepted"; hostId: string; hostName: string; protocol: number }
  /** The hub will not have us, and said why; dials again in `dialsInMs`. */
  | { state: "refused"; code: Refusal["code"]; message: string; dialsInMs: number }
  /** The link is down; dials again in `dialsInMs`. */
  | { state: "waiting"; why: string; dialsInMs: number }
  | { state: "stopped" };
type Refusal = InputOf<"session.refuse">;

export interface AgentTunnelOptions {
  /** The hub's http(s) address. */
  hub: string;
  /** The fingerprint of the hub's certificate; no other hub is talked to. */
  pin: string;
  identity: LinkIdentity;
  handlers: Handlers;
  /** Asked at each session.open, so that the token is gone once it was used. */
  hello(): Hello;
  /** Before the hub gets its answer: what has to be remembered is on disk when this resolves. */
  onAccepted(accepted: InputOf<"session.accept">): void | Promise<void>;
  onRefused(refusal: Refusal): void;
  onState(state: TunnelState): void;
  /** A handler threw what it should not. */
  onBug(verb: VerbName, error: unknown): void;
  clock: Clock;
  /** For tests. */
  random?: () => number;
}

export interface AgentTunnel {
  state(): TunnelState;
  /** Ends the tunnel for good. */
  stop(): void;
}

/** Begins to dial at once. Throws when the hub's address is no http(s) URL or the identity cannot be used. */
export function createAgentTunnel(options: AgentTunnelOptions): AgentTunnel {
  const { pin, identity, handlers, clock, random = Math.random } = options;
  const url = doorOf(options.hub);
  const secureContext = createSecureContext({ key: identity.keyPem, cert: identity.certificatePem, minVersion: "TLSv1.3" });
  let state: TunnelState = { state: "stopped" };
  let current: Dialling | null = null;
  let cancelWait: () => void = () => undefined;
  let failures = 0;
  let stopped = false;
  // The clock's timers keep no process alive, and an agent whose hub is away may have nothing else left to wait for.
  // eslint-disable-next-line no-restricted-globals -- tells no time: it only keeps the process alive
  const awake = setInterval(() => undefined, 2 ** 30);

  const enter = (next: TunnelState) => {
    state = next;
    options.onState(next);
  };

  const begin = () => {
    /** Of this attempt alone. */
    let refusal: Refusal | null = null;
    let acceptedAt: number | null = null;
    enter({ state: "dialling" });
    current = dial({
      url,
      pin,
      secureContext,
      clock,
      onOpen: () => enter({ state: "handshake" }),
      onSession: (session, carrier) => {
        enter({ state: "waiting for accept" });
        serve(session, carrier, {
          accepted(accepted) {
            acceptedAt = clock.monotonic();
            enter({ state: "accepted", ...accepted });
          },
          refused: (said) => (refusal = said),
        });
      },
      onEnd: (why) => {
        current = null;
        if (stopped) return enter({ state: "stopped" });
        // A hub that accepts and then falls over at once must not be hammered, so a short life counts as a failure.
        if (acceptedAt !== null && clock.monotonic() - acceptedAt > TIMES.silenceMs) failures = 0;
        const dialsInMs = refusal && refusal.code !== "busy" ? refusedWaitMs(random()) : backoffMs(failures, random());
        failures += 1;
        if (refusal) {
          enter({ state: "refused", code: refusal.code, message: refusal.message, dialsInMs });
          options.onRefused(refusal);
        } else enter({ state: "waiting", why, dialsInMs });
        if (!stopped) cancelWait = clock.after(dialsInMs, begin);
      },
    });
  };

  /** Answers the hub on one session, the `session.*` verbs first and nothing else before session.accept. */
  const serve = (session: ServerHttp2Session, carrier: Carrier, on: { accepted(accepted: InputOf<"session.accept">): void; refused(refusal: Refusal): void }) => {
    const { guard, flood } = carrier;
    let stage: "new" | "open" | "accepted" | "refused" = "new";
    const cancelDeadline = clock.after(TIMES.handshakeMs, () => guard.end("the hub did not accept in time"));
    guard.onEnd(cancelDeadline);
    const expect = (wanted: typeof stage) => {
      if (stage !== wanted) throw new AgentFailure("conflict", `This tunnel is ${stage}.`);
    };
    const router = createRouter({
      clock,
      flood,
      onBug: options.onBug,
      gate(verb) {
        if (stage !== "accepted" && !verb.startsWith("session.")) throw new AgentFailure("not_allowed", "The hub has not accepted this agent yet.");
      },
      handlers: {
        ...handlers,
        "session.open": () => {
          expect("new");
          stage = "open";
          return options.hello();
        },
        "session.accept": async (accepted) => {
          expect("open");
          stage = "accepted";
          await options.onAccepted(accepted);
          cancelDeadline();
          if (!guard.ended) on.accepted(accepted);
          return {};
        },
        "session.refuse": (refusal) => {
          stage = "refused";
          on.refused(refusal);
          clock.after(TIMES.proofMs, () => guard.end("the hub refused this agent")); // the hub ends it; this is for one that does not
          return {};
        },
      },
    });
    session.on("stream", router);
  };

  begin();
  return {
    state: () => state,
    stop() {
      stopped = true;
      clearInterval(awake);
      cancelWait();
      if (current) current.end("the agent is stopping");
      else enter({ state: "stopped" });
    },
  };
}
