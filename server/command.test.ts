import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, MIGRATIONS, type TestDatabase } from "./db/testing";

/** The real program, bundled as the build bundles it, beside an open database as the hub holds it. */
describe("the binnacle command", () => {
  let database: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    // One folder deep in a root of its own that has what the command looks for there.
    folder = join(process.cwd(), "node_modules", ".cache", `binnacle-command-${process.pid}`);
    mkdirSync(join(folder, "dist"), { recursive: true });
    copyFileSync("package.json", join(folder, "package.json"));
    mkdirSync(join(folder, "prisma"));
    cpSync(MIGRATIONS, join(folder, "prisma", "migrations"), { recursive: true });
    await build({ entryPoints: ["server/command.ts"], bundle: true, platform: "node", format: "esm", packages: "external", outfile: join(folder, "dist", "binnacle.mjs"), tsconfig: "tsconfig.json", logLevel: "silent" });
  });
  afterAll(async () => {
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (words: string[], options: { data?: string; input?: string } = {}) => {
    const result = spawnSync(process.execPath, [join(folder, "dist", "binnacle.mjs"), ...words], {
      encoding: "utf8", input: options.input ?? "", timeout: 30_000,
      env: { NODE_ENV: "production", PATH: process.env["PATH"] ?? "", BINNACLE_DATA: options.data ?? database.directory, BINNACLE_PUBLIC_URL: "https://hub.example" },
    });
    return { code: result.status, out: result.stdout, err: result.stderr };
  };

  it("lists what it can do, and says so again with exit code 2 for what it cannot", () => {
    expect(run([])).toMatchObject({ code: 0, out: expect.stringContaining("token create-join") as string });
    for (const words of [["frobnicate"], ["token", "create-join", "--bogus"], ["token", "create-join", "--minutes", "x"], ["user", "list", "extra"]]) {
      const { code, err } = run(words);
      expect([words, code]).toEqual([words, 2]);
      expect(err).toContain("setup-link");
    }
  }, 60_000);

  it("makes a join line beside the running hub, which alone goes to standard output", async () => {
    const { code, out } = run(["token", "create-join", "--tags", "prod, eu", "--uses", "3", "--minutes", "60"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^npm run agent -- --hub https:\/\/hub\.example --pin [\w-]{43} --token [\w-]{32}\n$/);
    const [row] = await database.db.joinToken.findMany();
    expect([row?.tags, row?.usesLeft, row?.createdBy]).toEqual(['["prod","eu"]', 3, "command"]);
    expect(JSON.stringify(row)).not.toContain(out.trim().split(" ").at(-1));
    expect(run(["token", "list"]).out).toContain("prod,eu");
  }, 60_000);

  it("makes a set-up link only while there is nobody, and resets a password from standard input", async () => {
    expect(run(["setup-link"]).out).toMatch(/^https:\/\/hub\.example\/set-up#[\w-]{32}\n$/);
    await database.db.user.create({ data: { id: "user_1", email: "ana@example.org", name: "Ana", passwordHash: "-", role: "administrator", createdAt: new Date() } });
    expect(run(["setup-link"])).toMatchObject({ code: 1, out: "" });
    expect(run(["user", "list"]).out).toContain("ana@example.org");
    expect(run(["user", "reset-password", "ana@example.org"], { input: "short\n" })).toMatchObject({ code: 1, err: expect.stringContaining("at least 10") as string });
    expect(run(["user", "reset-password", "ana@example.org"], { input: "a long enough one\n" }).code).toBe(0);
    expect((await database.db.user.findFirst())?.passwordHash).toMatch(/^\$argon2id\$/);
    expect(run(["user", "reset-password", "ben@example.org"], { input: "a long enough one\n" }).code).toBe(1);
  }, 60_000);

  it("says where it looked when there is no database", () => {
    const empty = mkdtempSync(join(tmpdir(), "binnacle-empty-"));
    try {
      expect(run(["user", "list"], { data: empty })).toMatchObject({ code: 1, err: expect.stringContaining(empty) as string });
    } finally {
      rmSync(empty, { recursive: true });
    }
  });
});
