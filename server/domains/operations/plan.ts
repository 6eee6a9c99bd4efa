/** What an operation does, in which order. Pure. */
import type { ChangeVerb } from "@/protocol/contract";
import { LIMITS } from "@/protocol/limits";
import type { Container } from "@/protocol/shapes";
import type { ContainerView } from "@/server/domains/fleet/schema";
import type { Action, RunInput } from "./schema";

export interface PlannedStep {
  /** Steps of one wave run side by side; the next begins when all have ended well. */
  wave: number;
  hostId: string;
  containerId: string;
  target: string;
  name: string;
  action: Action;
  verb: ChangeVerb;
  input: { id: string } & Record<string, unknown>;
}
/** What must be true of a container before a wave begins, beyond the end of the waves before it. */
export interface Gate {
  wave: number;
  hostId: string;
  containerId: string;
  name: string;
  /** completed: it ran to its end, and well. */
  until: "healthy" | "completed";
  /** When the run began that does not count, by the engine's clock; null: any run counts. */
  notRun: number | null;
}
export interface Plan {
  steps: PlannedStep[];
  gates: Gate[];
  /** What a person should know of the order; null when it is plain. */
  note: string | null;
}
export type Options = Pick<RunInput, "graceSeconds" | "signal" | "removeVolumes" | "force">;

type Condition = "service_started" | "service_healthy" | "service_completed_successfully";
interface Dependency {
  service: string;
  condition: Condition;
}

const DEPENDS_ON = "com.docker.compose.depends_on";

/** Containers side by side, each once, in the order given. */
export function planContainers(action: Action, containers: readonly ContainerView[], options: Options): Plan {
  const unique = new Map(containers.map((container) => [`${container.hostId}/${container.id}`, container]));
  return { steps: [...unique.values()].map((container) => step(action, container, 0, options)), gates: [], note: null };
}

/**
 * One stack on one host, in the order of its services: what others depend on starts first and stops last.
 * A restart is all stops, then all starts, so that nothing runs without what it depends on. Containers of
 * `compose run` are stopped and removed with the stack, and never started.
 */
export function planStack(action: Action, containers: readonly ContainerView[], options: Options): Plan {
  const sorted = [...containers].sort(byPlace);
  const starts = action === "start" || action === "restart";
  const taken = starts ? sorted.filter((container) => !isOneOff(container)) : sorted;
  if (action === "kill" || action === "pause" || action === "unpause") return planContainers(action, taken, options);
  const { layerOf, dependencies, note } = layersOf(taken);
  const deepest = Math.max(0, ...taken.map(layerOf));
  const plan: Plan = { steps: [], gates: [], note };
  if (action !== "start") {
    const verb = action === "restart" ? "stop" : action;
    for (const container of taken) plan.steps.push(step(verb, container, isOneOff(container) ? 0 : deepest - layerOf(container), options));
  }
  if (starts) {
    const first = action === "restart" ? deepest + 1 : 0;
    for (const container of taken) plan.steps.push(step("start", container, first + layerOf(container), options));
    if (note === null || !note.startsWith(CYCLE)) plan.gates.push(...gatesOf(action, taken, first, layerOf, dependencies));
  }
  // Ordinals follow the waves; within a wave the order of names stays.
  plan.steps.sort((a, b) => a.wave - b.wave);
  return plan;
}

/** What a depends_on label says: `db:service_healthy:false,cache:service_started:true`. Parts that say nothing are left out. */
export function parseDependsOn(label: string | undefined): Dependency[] {
  return (label ?? "").split(",").flatMap((part) => {
    const [service, condition] = part.trim().split(":");
    if (!service) return [];
    const known = condition === "service_healthy" || condition === "service_completed_successfully";
    return [{ service, condition: known ? condition : "service_started" as const }];
  });
}

const CYCLE = "Its services depend on each other in a circle";

/** The service of a container; a `compose run` container stands for itself. */
const serviceOf = (container: Container) => container.target.workload;
function isOneOff(container: Container): boolean {
  return container.labels["com.docker.compose.oneoff"]?.toLowerCase() === "true";
}

/** A service's layer is one above the deepest of those that it depends on. */
function layersOf(containers: readonly ContainerView[]) {
  const dependencies = new Map<string, Dependency[]>();
  const present = new Set(containers.filter((container) => !isOneOff(container)).map(serviceOf));
  let cut = false;
  for (const container of containers) {
    if (isOneOff(container)) continue;
    const label = container.labels[DEPENDS_ON];
    cut ||= (label?.length ?? 0) >= LIMITS.labelValueChars;
    // What is not there cannot be waited for; compose would have been the one to create it.
    const found = parseDependsOn(label).filter(({ service }) => present.has(service) && service !== serviceOf(container));
    dependencies.set(serviceOf(container), [...(dependencies.get(serviceOf(container)) ?? []), ...found]);
  }
  const layers = new Map<string, number>();
  let rest = [...present];
  while (rest.length > 0) {
    const ready = rest.filter((service) => dependencies.get(service)?.every((dependency) => layers.has(dependency.service)) ?? true);
    if (ready.length === 0) return { layerOf: () => 0, dependencies, note: `${CYCLE} (${rest.sort().join(", ")}), so all go at once, in the order of their names.` };
    for (const service of ready) layers.set(service, 1 + Math.max(-1, ...(dependencies.get(service) ?? []).map((dependency) => layers.get(dependency.service) ?? 0)));
    rest = rest.filter((service) => !layers.has(service));
  }
  const note = cut ? "The label that names what a service depends on is too long to be read whole: the order may be incomplete." : null;
  return { layerOf: (container: ContainerView) => layers.get(serviceOf(container)) ?? 0, dependencies, note };
}

function gatesOf(action: "start" | "restart", containers: readonly ContainerView[], first: number, layerOf: (container: ContainerView) => number, dependencies: Map<string, Dependency[]>): Gate[] {
  const gates = new Map<string, Gate>();
  for (const container of containers) {
    for (const { service, condition } of dependencies.get(serviceOf(container)) ?? []) {
      if (condition === "service_started") continue;
      const until = condition === "service_healthy" ? "healthy" : "completed";
      for (const needed of containers.filter((other) => serviceOf(other) === service)) {
        const wave = first + layerOf(container);
        // What is known of the run before must not pass for the new one. Starting what runs begins no new one.
        const notRun = action === "start" && needed.state === "running" ? null : needed.startedAt;
        gates.set(`${wave}/${needed.id}/${until}`, { wave, hostId: needed.hostId, containerId: needed.id, name: needed.name, until, notRun });
      }
    }
  }
  return [...gates.values()];
}

/** By service, then replica, then name. */
function byPlace(a: ContainerView, b: ContainerView): number {
  return compare(serviceOf(a), serviceOf(b)) || (a.target.replica ?? 0) - (b.target.replica ?? 0) || compare(a.name, b.name);
}
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function step(action: Action, container: ContainerView, wave: number, options: Options): PlannedStep {
  const { id } = container;
  const given = { graceful: options.graceSeconds === undefined ? {} : { t: options.graceSeconds }, signal: options.signal === undefined ? {} : { signal: options.signal } };
  const input = {
    start: { id }, pause: { id }, unpause: { id },
    stop: { id, ...given.graceful }, restart: { id, ...given.graceful },
    kill: { id, ...given.signal },
    remove: { id, ...(options.removeVolumes === undefined ? {} : { v: options.removeVolumes }), ...(options.force === undefined ? {} : { force: options.force }) },
  }[action];
  return { wave, hostId: container.hostId, containerId: id, target: container.key, name: container.name, action, verb: `container.${action}`, input };
}
