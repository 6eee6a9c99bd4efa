import { describe, expect, it } from "vitest";
import { permissionsOf } from "@/server/domains/access/permissions";
import { ACTIONS } from "@/server/domains/operations/schema";
import { denialOf, judge } from "./eligibility";
import { someHost, someRow } from "./test-fleet";

const all = permissionsOf("administrator");
const host = someHost("one");

describe("eligibility", () => {
  it("says which role a right begins with", () => {
    expect(denialOf("restart", someRow(host, "web"), permissionsOf("viewer"))).toEqual({ kind: "permission", permission: "container.operate", from: "operator" });
    expect(denialOf("remove", someRow(host, "web"), permissionsOf("operator"))).toMatchObject({ kind: "permission", from: "maintainer" });
  });
  it("lets the host's own policy have the last word: view takes nothing, operate does not destroy", () => {
    const viewOnly = someHost("v", { allow: "view" });
    for (const action of ACTIONS) expect(denialOf(action, someRow(viewOnly, "web"), all)).toMatchObject({ kind: "policy", allow: "view" });
    const operate = someHost("o", { allow: "operate" });
    expect(denialOf("kill", someRow(operate, "web"), all)).toBeNull();
    expect(denialOf("remove", someRow(operate, "web"), all)).toMatchObject({ kind: "policy", allow: "operate" });
  });
  it("offers start to what is stopped and stop to what runs", () => {
    expect(denialOf("start", someRow(host, "web"), all)).toEqual({ kind: "state", state: "running" });
    expect(denialOf("start", someRow(host, "web", { state: "exited" }), all)).toBeNull();
    expect(denialOf("stop", someRow(host, "web", { state: "exited" }), all)).toMatchObject({ kind: "state" });
    expect(denialOf("unpause", someRow(host, "web", { state: "paused" }), all)).toBeNull();
  });
  it("does not trust the last known state of a host that is away", () => {
    const away = someHost("away", { link: "down" });
    expect(denialOf("start", someRow(away, "web"), all)).toBeNull();
    expect(denialOf("start", someRow(someHost("r", { link: "revoked" }), "web"), all)).toMatchObject({ kind: "revoked" });
  });
  it("counts who takes part, who waits and who is left out", () => {
    const rows = [someRow(host, "a"), someRow(host, "b", { state: "exited" }), someRow(someHost("away", { link: "down" }), "c"), someRow(someHost("v", { allow: "view" }), "d")];
    const verdict = judge("stop", rows, all);
    expect(verdict.eligible.map((row) => row.container.name)).toEqual(["a", "c"]);
    expect(verdict).toMatchObject({ waiting: 1, denial: null, leftOut: { state: 1, policy: 1, permission: 0, revoked: 0 } });
    expect(judge("unpause", rows.slice(0, 2), all).denial).toEqual({ kind: "state", state: "running" });
  });
});
