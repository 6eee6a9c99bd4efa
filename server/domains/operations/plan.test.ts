import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Container } from "@/protocol/shapes";
import { formatTarget } from "@/protocol/target";
import type { ContainerView } from "@/server/domains/fleet/schema";
import { testContainer } from "@/server/domains/fleet/testing";
import { parseDependsOn, planContainers, planStack, type Plan } from "./plan";
import { ACTIONS } from "./schema";

const view = (container: Container): ContainerView => ({ ...container, hostId: "h", key: formatTarget({ scope: "h", ...container.target }), confirmedAt: 0 });
function service(name: string, dependsOn?: string, number = 1, labels: Record<string, string> = {}): ContainerView {
  return view(testContainer(`shop-${name}-${number}`, { labels: {
    "com.docker.compose.project": "shop", "com.docker.compose.service": name, "com.docker.compose.container-number": String(number),
    ...(dependsOn === undefined ? {} : { "com.docker.compose.depends_on": dependsOn }), ...labels,
  } }));
}
const waves = (plan: Plan) => plan.steps.reduce<string[][]>((all, step) => {
  (all[step.wave] ??= []).push(`${step.action} ${step.name.replace("shop-", "")}`);
  return all;
}, []);

const shop = [
  service("web", "api:service_started:false"),
  service("api", "db:service_healthy:true,cache:service_started:false,migrate:service_completed_successfully:false"),
  service("api", "db:service_healthy:true,cache:service_started:false,migrate:service_completed_successfully:false", 2),
  service("db"), service("cache"), service("migrate", "db:service_healthy:false"),
];

describe("the plan of a stack", () => {
  it("starts what others depend on first, and waits where the labels say so", () => {
    const plan = planStack("start", shop, {});
    expect(waves(plan)).toEqual([["start cache-1", "start db-1"], ["start migrate-1"], ["start api-1", "start api-2"], ["start web-1"]]);
    expect(plan.gates.map((gate) => `${gate.wave} ${gate.name} ${gate.until}`).sort()).toEqual(["1 shop-db-1 healthy", "2 shop-db-1 healthy", "2 shop-migrate-1 completed"]);
    expect(plan.note).toBeNull();
  });
  it("stops and removes in reverse", () => {
    for (const action of ["stop", "remove"] as const) {
      const plan = planStack(action, shop, {});
      expect(waves(plan)).toEqual([[`${action} web-1`], [`${action} api-1`, `${action} api-2`], [`${action} migrate-1`], [`${action} cache-1`, `${action} db-1`]]);
      expect(plan.gates).toEqual([]);
    }
  });
  it("restarts by all stops, then all starts, so that nothing runs without what it depends on", () => {
    const plan = planStack("restart", shop, { graceSeconds: 3 });
    expect(waves(plan).map((wave) => wave.map((step) => step.split(" ")[0]))).toEqual([["stop"], ["stop", "stop"], ["stop"], ["stop", "stop"], ["start", "start"], ["start"], ["start", "start"], ["start"]]);
    expect(plan.steps.filter((step) => step.action === "stop").every((step) => step.input["t"] === 3)).toBe(true);
    expect(plan.steps.filter((step) => step.action === "start").every((step) => !("t" in step.input))).toBe(true);
    expect(plan.gates.map((gate) => gate.wave).sort()).toEqual([5, 6, 6]);
  });
  it("is one wave in the order of names and replicas where there are no labels", () => {
    const plan = planStack("stop", [service("b", undefined, 10), service("b", undefined, 2), service("a")], {});
    expect(waves(plan)).toEqual([["stop a-1", "stop b-2", "stop b-10"]]);
  });
  it("is one wave, and says so, where services depend on each other in a circle", () => {
    const plan = planStack("start", [service("a", "b:service_healthy:false"), service("b", "a:service_started:false"), service("c")], {});
    expect(waves(plan)).toEqual([["start a-1", "start b-1", "start c-1"]]);
    expect(plan.note).toContain("in a circle (a, b)");
    expect(plan.gates).toEqual([]);
  });
  it("never starts one-off containers, and stops them before what they may depend on", () => {
    const oneOff = service("db", "db:service_started:false", 9, { "com.docker.compose.oneoff": "True" });
    expect(waves(planStack("start", [...shop, oneOff], {})).flat()).not.toContain("start db-9");
    expect(waves(planStack("restart", [...shop, oneOff], {})).flat().join()).not.toContain("db-9");
    expect(waves(planStack("stop", [...shop, oneOff], {}))[0]).toContain("stop db-9");
  });
  it("leaves out what is not there and what says nothing", () => {
    expect(parseDependsOn(" db:service_healthy:true , ,:x,cache,odd:thing")).toEqual([
      { service: "db", condition: "service_healthy" }, { service: "cache", condition: "service_started" }, { service: "odd", condition: "service_started" },
    ]);
    expect(planStack("start", [service("a", "gone:service_healthy:true,a:service_started:false")], {})).toMatchObject({ gates: [], note: null });
  });
  it("says when the label may have been cut", () => {
    expect(planStack("start", [service("a", "x".repeat(512))], {}).note).toContain("too long");
  });
  it("has every container once, and dependencies always before dependents, for any graph without circles", () => {
    const graph = fc.array(fc.array(fc.nat(9), { maxLength: 4 }), { minLength: 1, maxLength: 10 });
    fc.assert(fc.property(graph, (edges) => {
      // Only edges to lower numbers: no circles. Names are reversed, so that their order is of no help.
      const name = (i: number) => `s${9 - i}`;
      const stack = edges.map((to, i) => service(name(i), to.filter((j) => j < i).map((j) => `${name(j)}:service_started:false`).join(",")));
      for (const action of ["start", "stop"] as const) {
        const plan = planStack(action, stack, {});
        expect(plan.steps).toHaveLength(stack.length);
        const waveOf = (i: number) => plan.steps.find((step) => step.name === stack[i]?.name)?.wave ?? -1;
        edges.forEach((to, i) => to.filter((j) => j < i).forEach((j) => expect(Math.sign(waveOf(i) - waveOf(j))).toBe(action === "start" ? 1 : -1)));
      }
    }));
  });
});

describe("the plan of single containers", () => {
  it("is one wave, each container once, with only what its action takes", () => {
    const all = { graceSeconds: 5, signal: "SIGHUP", removeVolumes: true, force: false } as const;
    const a = service("a");
    const inputs = Object.fromEntries(ACTIONS.map((action) => [action, planContainers(action, [a, a], all).steps.map((step) => step.input)]));
    const { id } = a;
    expect(inputs).toEqual({
      start: [{ id }], pause: [{ id }], unpause: [{ id }], stop: [{ id, t: 5 }], restart: [{ id, t: 5 }], kill: [{ id, signal: "SIGHUP" }], remove: [{ id, v: true, force: false }],
    });
  });
});
