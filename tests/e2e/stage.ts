/**
 * The stage for browser tests: three real Docker hosts, and Binnacle started by `npm start`'s own launcher on
 * the hub's side with the first host's engine as "this machine".
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, test as base, type Page } from "@playwright/test";
import { eventually } from "../lab/eventually";
import { type Lab, LAB_IMAGE, type LabHost, startLab } from "../lab/lab";
import { follow, type Program, ROOT } from "../lab/processes";

export interface Stage {
  lab: Lab;
  url: string;
  /** The one-time link that the console printed. */
  setUpLink: string;
  launcher: () => Program;
  /** Ends `npm start`, lets the caller look at the page without a server, and starts it again on the same data. */
  restart(whileAway: () => Promise<void>): Promise<void>;
  /** Pastes a join line on a host, as its owner would. */
  paste(line: string, host: LabHost): Program;
}
export const PERSON = { name: "Ana", email: "ana@example.test", password: "correct horse battery" };

async function setStage(): Promise<Stage & { close(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), "bs-"));
  const lab = await startLab({ hosts: 3 });
  const programs: Program[] = [];
  const close = async () => {
    await Promise.all(programs.map((program) => program.stop().catch(() => undefined)));
    await lab.down();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (const host of lab.hosts) {
      for (const name of ["web", "worker"]) await host.docker(["run", "-d", "--name", `${name}-${host.name}`, LAB_IMAGE, "sleep", "100000"]);
    }
    const env = { PORT: "3000", BINNACLE_DATA: join(directory, "data"), BINNACLE_NAME: "h1" } as Record<string, string>;
    const startAll = () => {
      const program = follow(lab.hubSpawn(["env", `DOCKER_HOST=unix://${lab.host(1).socket}`, process.execPath, join(ROOT, "bin/start.mjs")], { cwd: ROOT, env: env as NodeJS.ProcessEnv }));
      programs.push(program);
      return program;
    };
    const url = `http://${lab.hubIp}:3000`;
    let launcher = startAll();
    const ready = () => eventually("npm start is ready", async () => {
      if (!launcher.running()) throw new Error(`npm start ended:\n${launcher.log()}`);
      return (await fetch(`${url}/readyz`)).ok;
    }, 90_000);
    await ready();
    const link = await eventually("a set-up link is printed", () => /https?:\/\/\S+\/set-up#\S+/.exec(launcher.log())?.[0]);
    return {
      lab,
      url,
      // The console names this machine; the browser of the test stands beside it.
      setUpLink: `${url}/set-up${new URL(link).hash}`,
      launcher: () => launcher,
      async restart(whileAway) {
        await launcher.stop();
        await whileAway();
        launcher = startAll();
        await ready();
      },
      paste(line, host) {
        const words = line.slice(line.indexOf(" -- ") + 4).trim().split(/\s+/);
        const program = follow(host.spawn([process.execPath, join(ROOT, "dist/agent.mjs"), "--name", host.name, "--docker", `unix://${host.socket}`, "--state-dir", join(directory, host.name), ...words]));
        programs.push(program);
        return program;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A test with the stage, shared by all tests of a worker. */
export const test = base.extend<object, { stage: Stage }>({
  stage: [
    async ({}, use) => {
      const stage = await setStage();
      await use(stage);
      await stage.close();
    },
    { scope: "worker", timeout: 150_000 },
  ],
});
export { expect } from "@playwright/test";

/** Fails the test on any error that the page itself reports: an exception, or a refusal by the content policy. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && /Content Security Policy|Uncaught|Hydration|hydration/.test(message.text())) errors.push(message.text());
  });
  return errors;
}

/** Fills in the set-up page. */
export async function setUp(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.locator('input[name="name"]').fill(PERSON.name);
  await page.locator('input[type="email"]').fill(PERSON.email);
  await page.locator('input[type="password"]').fill(PERSON.password);
  await page.locator('button[type="submit"]').click();
  await page.waitForURL((address) => !address.pathname.startsWith("/set-up"));
}

/** For a file that may be the first on its stage or not: spec files share a stage while their tests pass. */
export async function setUpIfNeeded(page: Page, stage: Stage): Promise<void> {
  const answer = (await (await fetch(`${stage.url}/trpc/setup.status`)).json()) as { result: { data: { needed: boolean } } };
  if (answer.result.data.needed) await setUp(page, stage.setUpLink);
}

/** Signs in on the page. */
export async function signInHere(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.locator('input[type="email"]').fill(PERSON.email);
  await page.locator('input[type="password"]').fill(PERSON.password);
  await page.locator('button[type="submit"]').click();
  await page.waitForURL((address) => !address.pathname.startsWith("/sign-in"));
}

/** Makes the browser ask for Korean from its next page on. */
export async function speak(context: BrowserContext, url: string, locale: "en" | "ko"): Promise<void> {
  await context.addCookies([{ name: "locale", value: locale, url }]);
}
