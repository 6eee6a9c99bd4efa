import { expect, it } from "vitest";
import { CONTRACT, type EngineCall, VERB_NAMES, type Verb } from "@/protocol/contract";
import { engineUrl } from "./docker";

const ID = "ab".repeat(32);
const rows = VERB_NAMES.map((name) => [name, CONTRACT[name]] as [string, Verb]).filter((row): row is [string, Verb & { engine: EngineCall }] => row[1].engine !== undefined);

it.each(rows)("%s calls the engine with its id in the path and with nothing beside its allowed query", (_, { engine }) => {
  const url = engineUrl(engine, { id: ID, t: 3, v: true, force: false, signal: "SIGHUP", privileged: true, path: "/etc" });
  const [path, query = ""] = url.split("?");
  expect(path).toContain(`/containers/${ID}`);
  expect(path).not.toMatch(/[{}]/);
  expect([...new URLSearchParams(query).keys()]).toEqual(engine.query ?? []);
});

it("an absent option is not sent, and no value can leave its place", () => {
  expect(engineUrl({ method: "POST", path: "/containers/{id}/stop", query: ["t"] }, { id: ID })).toBe(`/containers/${ID}/stop`);
  expect(engineUrl({ method: "POST", path: "/containers/{id}/kill", query: ["signal"] }, { id: "../x?y#z", signal: "A&b=c" })).toBe("/containers/..%2Fx%3Fy%23z/kill?signal=A%26b%3Dc");
});
