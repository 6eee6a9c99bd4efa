import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, expect, it } from "vitest";
import { trustedAuthorities } from "./authorities";
import { doorOf } from "./dial";

const folder = mkdtempSync(join(tmpdir(), "authorities-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ["http://hub:3000", "ws://hub:3000/agent"],
  ["https://hub.example/", "wss://hub.example/agent"],
  ["https://hub.example/binnacle/?q=1#x", "wss://hub.example/binnacle/agent"],
  ["wss://hub.example", "wss://hub.example/agent"],
  ["http://[::1]:3000", "ws://[::1]:3000/agent"],
])("the agents' door of %s is %s", (hub, door) => {
  expect(doorOf(hub).href).toBe(door);
});

it.each(["hub:3000", "ftp://hub", "", "/agent", "javascript:alert(1)"])("%j is no hub", (hub) => {
  expect(() => doorOf(hub)).toThrow(TypeError);
});

it("trusts what the system trusts beside Node's own list, and only that list where there is no system bundle", () => {
  const bundle = join(folder, "bundle.crt");
  writeFileSync(bundle, "a bundle");
  expect(trustedAuthorities([join(folder, "absent"), bundle])).toEqual([...rootCertificates, "a bundle"]);
  expect(trustedAuthorities([join(folder, "absent")])).toEqual([...rootCertificates]);
});
