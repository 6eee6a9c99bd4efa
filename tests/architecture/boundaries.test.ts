/** Boundaries only count if they can fail: each rule is shown one import that breaks it and nothing else. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesIn, ROOT } from "./tree";

interface Report {
  summary: { totalCruised: number; violations: { from: string; to: string; rule: { name: string } }[] };
}

const CONFIG = join(ROOT, ".dependency-cruiser.cjs");
const rules = (createRequire(import.meta.url)(CONFIG) as { forbidden: { name: string; comment: string }[] }).forbidden;

async function cruise(directory: string, folders: readonly string[]): Promise<Report> {
  const program = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const args = [program, ...folders, "--config", CONFIG, "--output-type", "json"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory, maxBuffer: 64 << 20 }).catch((error: { stdout?: string }) => {
    if (!error.stdout) throw error;
    return { stdout: error.stdout }; // violations make it exit with their number
  });
  return JSON.parse(stdout) as Report;
}

/** One import that each rule must refuse: [importing file, imported module]. */
const BROKEN: Record<string, readonly [from: string, to: string]> = {
  "no-cycles": ["server/lib/circle-back.ts", "@/server/lib/circle"],
  "everything-resolves": ["server/lib/lost.ts", "@/server/lib/not-there"],
  "no-development-packages-at-run-time": ["agent/handy.ts", "vitest"],
  "contract-is-a-leaf": ["protocol/greedy.ts", "node:fs"],
  "wire-knows-no-side": ["protocol/wire/partial.ts", "@/agent/ok"],
  "agent-knows-only-the-protocol": ["agent/curious.ts", "@/server/lib/ok"],
  "agent-carries-no-framework": ["agent/heavy.ts", "pino"],
  "server-never-imports-app-or-agent": ["server/http/curious.ts", "@/agent/ok"],
  "app-reaches-server-by-type-only": ["app/_features/direct.ts", "@/server/domains/one/service"],
  "server-auth-only-in-server-components": ["app/_features/sign.ts", "@/server/auth/options"],
  "app-stays-off-the-wire": ["app/(dashboard)/wired.ts", "@/protocol/wire/ok"],
  "isomorphic-files-stay-pure": ["server/domains/impure/schema.ts", "node:crypto"],
  "prisma-only-in-repos": ["server/domains/one/direct.ts", "@/server/db/client"],
  "repo-is-private-to-its-domain": ["server/domains/thief/service.ts", "@/server/domains/one/repo"],
  "domains-meet-at-service-or-schema": ["server/domains/deep/service.ts", "@/server/domains/one/inner"],
  "service-is-transport-free": ["server/domains/bound/service.ts", "@/server/trpc/init"],
  "service-gets-the-gateway-handed-in": ["server/domains/grabby/service.ts", "@/server/gateway/ok"],
  "router-does-not-skip-the-service": ["server/domains/one/router.ts", "@/server/live/ok"],
  "gateway-knows-no-domain": ["server/gateway/nosy.ts", "@/server/domains/one/schema"],
  "lib-is-a-leaf": ["server/lib/branch.ts", "@/server/trpc/init"],
  "only-main-wires": ["server/http/rewire.ts", "@/server/main"],
  "ui-kit-is-domain-free": ["app/_ui/special.ts", "@/protocol/ok"],
  "routes-are-leaves": ["app/_features/upward.ts", "@/app/(dashboard)/page"],
  "nothing-imports-tests": ["app/_features/tested.ts", "@/tests/ok"],
};

/** The innocent modules that the bad imports point at. */
const INNOCENT = [
  "agent/ok.ts", "protocol/ok.ts", "protocol/wire/ok.ts", "server/lib/ok.ts", "server/live/ok.ts", "server/gateway/ok.ts", "server/trpc/init.ts", "server/main.ts",
  "server/db/client.ts", "server/auth/options.ts", "server/domains/one/service.ts", "server/domains/one/schema.ts", "server/domains/one/repo.ts", "server/domains/one/inner.ts",
  "app/(dashboard)/page.ts", "tests/ok.ts",
];

function writeFixture(directory: string) {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  const packages = { dependencies: { pino: "1.0.0" }, devDependencies: { vitest: "1.0.0" } };
  write("package.json", JSON.stringify({ name: "fixture", type: "module", ...packages }));
  write("tsconfig.json", JSON.stringify({ compilerOptions: { module: "ESNext", moduleResolution: "bundler", target: "ES2022", paths: { "@/*": ["./*"] } } }));
  for (const name of ["pino", "vitest"]) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0", type: "module", exports: "./index.js" }));
    write(`node_modules/${name}/index.js`, "export const value = 1;\n");
  }
  for (const path of INNOCENT) write(path, "export const value = 1;\n");
  for (const [from, to] of Object.values(BROKEN)) write(from, `import * as other from "${to}";\nexport const value = other;\n`);
  write("server/lib/circle.ts", 'import * as other from "@/server/lib/circle-back";\nexport const value = other;\n');
}

describe("the boundaries", () => {
  let directory = "";
  let report: Report;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "binnacle-boundaries-"));
    writeFixture(directory);
    report = await cruise(directory, ["app", "server", "agent", "protocol", "tests"]);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("have a bad import to show for each rule, and say why each rule is there", () => {
    expect(Object.keys(BROKEN).sort()).toEqual(rules.map((rule) => rule.name).sort());
    expect(rules.filter((rule) => rule.comment.length < 20).map((rule) => rule.name)).toEqual([]);
  });

  it.each(Object.entries(BROKEN))("refuse by %s", (name, [from]) => {
    const caught = report.summary.violations.filter((violation) => violation.rule.name === name).map((violation) => violation.from);
    expect(caught).toContain(from);
  });

  it("leave innocent modules alone", () => {
    const guilty = new Set(report.summary.violations.map((violation) => violation.from));
    expect(INNOCENT.filter((path) => guilty.has(path))).toEqual([]);
  });

  it("are checked over all the sources there are", async () => {
    const folders = ["app", "server", "agent", "protocol"];
    const ours = await cruise(ROOT, folders);
    expect(ours.summary.totalCruised).toBeGreaterThanOrEqual(filesIn(folders, /\.tsx?$/).length);
    expect(ours.summary.totalCruised).toBeGreaterThan(100);
  });
});
