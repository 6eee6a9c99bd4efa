import { describe, expect, it } from "vitest";
import { AgentFailure } from "../../errors";
import type { Sighting } from "../runtime";
import { createListing } from "./listing";
import { readDetails } from "./read-container";

const ID = "ab".repeat(32);
const entry = (more: object = {}) => ({ Id: ID, Names: ["/web"], Image: "img", ImageID: "sha256:1", Created: 1_700_000_000, State: "running", Status: "Up 5 minutes", Labels: {}, Ports: [], ...more });
const details = (pid: number): Sighting => readDetails({ Id: ID, Name: "/web", State: { Status: "running", Pid: pid, StartedAt: "2026-11-22T10:00:01Z" }, Config: {}, HostConfig: {} })!;

/** A listing over an engine whose one container is `shown`; how often it was inspected. */
function world(shown: object = entry()) {
  const state = { shown, inspected: 0, pid: 7, look: undefined as undefined | (() => Promise<Sighting | null>) };
  const listing = createListing({
    entries: () => Promise.resolve([state.shown]),
    look: () => {
      state.inspected++;
      return state.look?.() ?? Promise.resolve(details(state.pid));
    },
  });
  const lists = async (count: number) => {
    let last: Sighting[] = [];
    for (let i = 0; i < count; i++) last = await listing.list();
    return last;
  };
  return { state, listing, lists };
}

describe("a running container", () => {
  it("whose entry stays as it is, is inspected once in ten lists, and its details are kept between", async () => {
    const { state, lists } = world();
    const [sighting] = await lists(1);
    expect(sighting?.pid).toBe(7);
    expect((await lists(1))[0]).toBe(sighting);
    await lists(39);
    expect(state.inspected - 1).toBe(4);
  });

  it("is inspected when its entry shows anything new, but not for being up longer", async () => {
    const { state, lists } = world();
    await lists(1);
    state.shown = entry({ Status: "Up 6 minutes" });
    await lists(1);
    expect(state.inspected).toBe(1);
    for (const change of [{ Status: "Up 6 minutes (unhealthy)" }, { Names: ["/other"] }, { Labels: { a: "b" } }, { Image: "next" }, { State: "paused", Status: "Up 7 minutes (Paused)" }, { Ports: [{ PrivatePort: 80 }] }]) {
      const before = state.inspected;
      state.shown = entry(change);
      await lists(2);
      expect(state.inspected, JSON.stringify(change)).toBeGreaterThan(before);
    }
  });

  it.each(["Up Less than a second", "Up 1 second", "Up 42 seconds", "Up About a minute"])("is inspected in each list while it is %j, since a restart that no event told of shows there", async (Status) => {
    const { state, lists } = world(entry({ Status }));
    await lists(3);
    expect(state.inspected).toBe(3);
  });

  it("is inspected again once somebody had a reason to look", async () => {
    const { state, listing, lists } = world();
    await lists(1);
    listing.forget(ID);
    state.pid = 8;
    expect((await lists(1))[0]?.pid).toBe(8);
  });

  it("that cannot be inspected is shown as listed, and tried again in the next list", async () => {
    const { state, lists } = world();
    state.look = () => Promise.reject(new AgentFailure("engine_error", "broken"));
    expect((await lists(1))[0]?.container.name).toBe("web");
    state.look = undefined;
    expect((await lists(1))[0]?.pid).toBe(7);
  });
});
