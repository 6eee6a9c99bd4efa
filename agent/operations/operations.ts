/**
 * Changes, each at most once: the step's id is its key, in memory while it runs and in the journal for a
 * day. A step whose end was not recorded is settled by looking at the container, never by calling again.
 */
import { CONTRACT, type ChangeVerb, type InputOf, isChange } from "@/protocol/contract";
import { TIMES } from "@/protocol/limits";
import type { AgentError, Allowance, OperationHeader, Outcome } from "@/protocol/shapes";
import type { Clock } from "../clock";
import { AgentFailure } from "../errors";
import type { Log } from "../log";
import { permits, refusalSentence } from "../policy";
import type { Runtime } from "../runtime/runtime";
import type { Begun, Journal } from "./journal";
import { shows } from "./settle";

/** Changes at once. Protects the engine; a stack of a hundred containers comes in waves. */
const AT_ONCE = 64;
/** Engines wait this long before they kill, unless told otherwise. */
const DEFAULT_GRACE_SECONDS = 10;
/** Beyond the grace period: how long an engine may still be at a change that nobody waits for any more. */
const SETTLE_MS = 10_000;
const SETTLE_EVERY_MS = 500;
/** How long an event that follows a change still belongs to it; a signal takes its time to kill. */
const AFTERMATH_MS = 100;
const KILL_AFTERMATH_MS = 2_000;
/** Finished steps remembered to recognise their events. */
const RECENT_STEPS = 1_024;
const ENDING: ReadonlySet<ChangeVerb> = new Set<ChangeVerb>(["container.stop", "container.restart", "container.kill", "container.remove"]);

export interface Operations {
  /** Runs a change, or tells how it went if it ran before. Rejects with AgentFailure when it is not begun at all. */
  run<V extends ChangeVerb>(verb: V, input: InputOf<V>, header: OperationHeader): Promise<Outcome>;
  /** null: never begun here, or forgotten. "running": not settled yet. */
  outcome(step: string): Outcome | "running" | null;
  /** The step that ran on a container at that moment, and whether it meant to end it. */
  stepAt(id: string, at: number): { step: string; ends: boolean } | null;
  /** Settles what an earlier run of this agent left open. Resolves when all is settled. */
  settleOpen(): Promise<void>;
}

export interface OperationsOptions {
  runtime: Runtime;
  journal: Journal;
  allow: Allowance;
  /** Told once how each step ended, also one that an earlier run of this agent left open. */
  ended(step: string, outcome: Outcome): void;
  clock: Clock;
  log: Log;
}

interface Span {
  id: string;
  step: string;
  ends: boolean;
  from: number;
  /** null while it runs. */
  to: number | null;
}

export function createOperations({ runtime, journal, allow, ended, clock, log }: OperationsOptions): Operations {
  const running = new Map<string, Promise<Outcome>>();
  const spans: Span[] = [];

  async function begin<V extends ChangeVerb>(verb: V, input: InputOf<V>, header: OperationHeader): Promise<Outcome> {
    const begun: Begun = { step: header.step, operation: header.operation, verb, id: input.id, grace: graceOf(input), actor: header.actor.name, at: clock.now() };
    const says = `${header.actor.name} asked for ${verb} of ${input.id.slice(0, 12)} (operation ${header.operation})`;
    await journal.begin(begun).catch((error: unknown) => {
      log.error(`${says}: not begun`, error);
      throw error;
    });
    const startedAt = clock.now();
    const span: Span = { id: input.id, step: header.step, ends: ENDING.has(verb), from: startedAt, to: null };
    spans.push(span);
    if (spans.length > RECENT_STEPS) spans.shift();
    const performed = await runtime.perform(verb, input);
    const finishedAt = clock.now();
    span.to = finishedAt + (verb === "container.kill" ? KILL_AFTERMATH_MS : AFTERMATH_MS);
    const called = { settledBy: "call" as const, startedAt, finishedAt };
    const outcome: Outcome =
      performed.state === "done"
        ? { state: "succeeded", error: null, ...called }
        : performed.state === "refused"
          ? { state: "failed", error: performed.error, ...called }
          : await settle(begun, startedAt, performed.error);
    log.info(`${says}: ${outcome.state}${outcome.error ? ` (${outcome.error.message})` : ""}`);
    // Not waited for: a crash before it is on the disk leaves a step that is settled by looking, and is never called again.
    void record(header.step, outcome);
    return outcome;
  }

  /** The outcome is known even when it cannot be recorded; after a restart, looking settles it once more. */
  async function record(step: string, outcome: Outcome): Promise<void> {
    ended(step, outcome);
    await journal.end(step, outcome).catch((error: unknown) => log.error(`the outcome of step ${step} could not be recorded`, error));
  }

  /** Looks at the container until it shows that the change was made, or until no engine would still be at it. */
  async function settle(begun: Begun, startedAt: number, error: AgentError): Promise<Outcome> {
    const patience = SETTLE_MS + (begun.grace ?? DEFAULT_GRACE_SECONDS) * 1_000;
    const until = clock.monotonic() + patience;
    for (;;) {
      const seen = await runtime.look(begun.id).then((sighting) => ({ container: sighting?.container ?? null }), () => null);
      const finishedAt = clock.now();
      if (seen && isVerb(begun.verb) && shows(begun.verb, seen.container, begun.at)) return { state: "succeeded", error: null, settledBy: "inspection", startedAt, finishedAt };
      // While the engine is away nothing can be seen, so that time does not count.
      if (seen && clock.monotonic() >= until) return { state: "unknown", error, settledBy: "inspection", startedAt, finishedAt };
      await new Promise<void>((resolve) => void clock.after(SETTLE_EVERY_MS, resolve));
    }
  }

  function track(step: string, work: Promise<Outcome>): Promise<Outcome> {
    running.set(step, work);
    const done = () => void running.delete(step);
    work.then(done, done);
    return work;
  }

  return {
    async run(verb, input, header) {
      if (!permits(allow, CONTRACT[verb].effect)) throw new AgentFailure("not_allowed", refusalSentence(allow, CONTRACT[verb].effect, verb));
      const earlier = journal.get(header.step);
      if (earlier && (earlier.begun.verb !== verb || earlier.begun.id !== input.id)) throw new AgentFailure("conflict", "This step was already used for another change.");
      const now = running.get(header.step);
      if (now) return now;
      if (earlier?.outcome) return fromRecord(earlier.outcome);
      if (earlier) throw new AgentFailure("busy", "This step was begun before the agent was restarted; what became of it is being looked at. Ask for its outcome.");
      if (isOverdue(header, clock.now())) throw new AgentFailure("deadline", "The change reached this host after its deadline, so it was not begun.");
      if (running.size >= AT_ONCE) throw new AgentFailure("busy", `This host is at ${AT_ONCE} changes already. Try again when some are done.`);
      const { state, why } = runtime.status();
      if (state !== "up") throw new AgentFailure("engine_unavailable", why ?? "The container engine is away.");
      return track(header.step, begin(verb, input, header));
    },
    outcome(step) {
      if (running.has(step)) return "running";
      const entry = journal.get(step);
      if (!entry) return null;
      return entry.outcome ? fromRecord(entry.outcome) : "running";
    },
    stepAt(id, at) {
      const span = spans.findLast((s) => s.id === id && s.from <= at + 1 && at <= (s.to ?? Number.POSITIVE_INFINITY));
      return span ? { step: span.step, ends: span.ends } : null;
    },
    async settleOpen() {
      await Promise.all(journal.open().map(async ({ begun }) => {
        const lost: AgentError = { code: "internal", message: "The agent stopped between the engine call and its record, and looking at the container did not settle what became of it." };
        const outcome = await track(begun.step, settle(begun, begun.at, lost));
        log.info(`${begun.actor} had asked for ${begun.verb} of ${begun.id.slice(0, 12)} (operation ${begun.operation}) before the agent was restarted: ${outcome.state}`);
        await record(begun.step, outcome);
      }));
    },
  };
}

/**
 * Whether a change came too late. The deadline is by the hub's clock, so only the time between sending
 * and arriving counts; and since a tunnel without a byte for TIMES.silenceMs is ended, anything longer
 * than that is a difference of the clocks and not a delay.
 */
export function isOverdue({ deadlineAt, sentAt }: OperationHeader, now: number): boolean {
  const behind = now - sentAt;
  const delay = behind > 0 && behind <= TIMES.silenceMs ? behind : 0;
  return sentAt + delay >= deadlineAt;
}

function fromRecord(outcome: Outcome): Outcome {
  return outcome.settledBy === "call" ? { ...outcome, settledBy: "record" } : outcome;
}
function graceOf(input: { id: string; t?: number | undefined }): number | null {
  return input.t ?? null;
}
function isVerb(verb: string): verb is ChangeVerb {
  return verb in CONTRACT && isChange(verb as keyof typeof CONTRACT);
}
