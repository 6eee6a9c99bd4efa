/**
 * How long the truth takes to reach a person's eyes, on a real engine and in a real browser.
 *
 * seen: from the engine's own time of a container's death to the row painted as exited, in the list.
 * Beside it, for the same deaths: when `docker events` on the host itself told of them.
 * confirmed: from the click on Restart to the page no longer saying "restarting", less the agent's own
 * span around the engine call: what Binnacle adds to the engine's work.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { chromium, type Page } from "@playwright/test";
import type { OperationView } from "@/server/domains/operations/schema";
import { type Client } from "../lab/client";
import { eventually } from "../lab/eventually";
import { type FleetMirror, mirrorFleet } from "../lab/fleet-mirror";
import { install, type Installation } from "../lab/installation";
import { type Lab, LAB_IMAGE, type LabHost, startLab } from "../lab/lab";
import { type Bench, median, percentile } from "./bench";
import { CHROMIUM } from "./chromium";

const DEATHS = 40;
const RESTARTS = 40;
/** First runs warm caches and compilers; they are in the raw runs and in no figure. */
const WARM_UP = 3;
/** Between restarts: the engine is busy with a start for a while after it has answered. */
const SETTLE_MS = 500;
/** Other containers in the list, so that the row is one of many. */
const NEIGHBOURS = 60;
/** First of the list, so that its row is on the screen. */
const NAME = "a-subject";

interface Death {
  /** The engine's own time, milliseconds since 1970. */
  at: number;
  /** When `docker events` told of it here. */
  toldAt: number;
}

/** The engine's own account of deaths, as its command line tells it. */
function followDeaths(host: LabHost): { next(): Promise<Death>; stop(): void } {
  const child: ChildProcess = spawn("docker", ["-H", `unix://${host.socket}`, "events", "--since", (Date.now() / 1000).toFixed(3), "--filter", `container=${NAME}`, "--filter", "event=die", "--format", "{{json .}}"], { stdio: ["ignore", "pipe", "ignore"] });
  const told: Death[] = [];
  createInterface({ input: child.stdout! }).on("line", (line) => {
    told.push({ at: (JSON.parse(line) as { timeNano: number }).timeNano / 1e6, toldAt: performance.timeOrigin + performance.now() });
  });
  return { next: () => eventually("the engine tells of the death", () => told.shift()), stop: () => void child.kill() };
}

/** In the page: when the row's state, having changed to `word`, was painted. */
function paintedAs(page: Page, word: string): Promise<number> {
  return page.evaluate(
    ([name, state]) =>
      new Promise<number>((resolve) => {
        const row = () => [...document.querySelectorAll('[role="row"], [role="rowgroup"] > div, div')].find((element) => element.querySelectorAll(':scope > [role="cell"]').length > 3 && element.textContent?.includes(name));
        const look = () => {
          if (!row()?.textContent?.includes(state)) return;
          observer.disconnect();
          // A frame is painted after its animation callbacks; the message comes after the paint.
          requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => resolve(performance.timeOrigin + performance.now());
            channel.port2.postMessage(null);
          });
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { subtree: true, childList: true, characterData: true });
        look();
      }),
    [NAME, word] as const,
  );
}

async function measureDeaths(page: Page, url: string, host: LabHost) {
  await page.goto(`${url}/containers`);
  await paintedAs(page, "running");
  const deaths = followDeaths(host);
  const runs: { seenMs: number; toldMs: number }[] = [];
  try {
    for (let i = 0; i < DEATHS + WARM_UP; i++) {
      const painted = paintedAs(page, "exited");
      await host.docker(["stop", "-t", "0", NAME]);
      const [death, paintedAt] = [await deaths.next(), await painted];
      runs.push({ seenMs: paintedAt - death.at, toldMs: death.toldAt - death.at });
      const back = paintedAs(page, "running");
      await host.docker(["start", NAME]);
      await back;
    }
  } finally {
    deaths.stop();
  }
  return runs;
}

/** In the page: clicks Restart and waits until it is no longer under way; milliseconds between. */
function restartOnce(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const button = [...document.querySelectorAll("button")].find((element) => element.textContent === "Restart");
        if (!button) return reject(new Error("there is no Restart button"));
        let began = 0;
        let isUnderWay = false;
        button.addEventListener("click", () => (began = performance.now()), { capture: true, once: true });
        const observer = new MutationObserver(() => {
          const now = [...document.querySelectorAll("button")].find((element) => element.textContent === "Restart");
          if (now?.disabled) isUnderWay = true;
          else if (now && isUnderWay) {
            observer.disconnect();
            requestAnimationFrame(() => {
              const channel = new MessageChannel();
              channel.port1.onmessage = () => resolve(performance.now() - began);
              channel.port2.postMessage(null);
            });
          }
        });
        observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
        button.click();
      }),
  );
}

async function measureRestarts(page: Page, url: string, client: Client, fleet: FleetMirror, hostName: string, log: (line: string) => void) {
  const known = new Map<string, OperationView>();
  const watching = client.api.operations.live.subscribe(undefined, { onData: (message) => message.operations.forEach((one) => known.set(one.id, one)) });
  const runs: { clickToConfirmedMs: number; engineMs: number; addedMs: number }[] = [];
  const counted = new Set<string>();
  try {
    const startedAt = () => fleet.container(hostName, NAME)?.startedAt;
    await page.goto(`${url}/containers/${fleet.container(hostName, NAME)!.key}`);
    await page.getByRole("button", { name: "Restart", exact: true }).waitFor();
    for (let i = 0; i < RESTARTS + WARM_UP; i++) {
      await page.waitForFunction(() => [...document.querySelectorAll("button")].some((element) => element.textContent === "Restart" && !element.disabled));
      const before = startedAt();
      const clickToConfirmedMs = await restartOnce(page);
      const operation = await eventually("the operation is told", () => [...known.values()].find((one) => one.action === "restart" && one.finishedAt !== null && !counted.has(one.id)));
      counted.add(operation.id);
      const engineMs = operation.steps[0]?.spanMs;
      if (operation.state !== "succeeded" || engineMs == null) throw new Error(`a restart ended ${operation.state}: ${JSON.stringify(operation.steps)}`);
      runs.push({ clickToConfirmedMs, engineMs, addedMs: clickToConfirmedMs - engineMs });
      // A person's next click meets a machine that has done with the last one.
      await eventually("the new run is in the table", () => startedAt() !== before);
      await pause(SETTLE_MS);
    }
  } finally {
    watching.unsubscribe();
  }
  log(`click to confirmed ${median(runs.map((run) => run.clickToConfirmedMs)).toFixed(0)} ms, of which the engine ${median(runs.map((run) => run.engineMs)).toFixed(0)} ms (medians)`);
  return runs;
}

export const bench: Bench = {
  name: "latency",
  does: "From the engine's own event to the painted row, and what Binnacle adds to a restart.",
  async run(log) {
    let lab: Lab | undefined;
    let binnacle: Installation | undefined;
    const browser = await chromium.launch(CHROMIUM);
    try {
      lab = await startLab({ hosts: 2 });
      const host = lab.host(2);
      // PID 1 of the container must end on its signal, or each restart would wait out the grace period.
      await host.docker(["run", "-d", "--init", "--name", NAME, LAB_IMAGE, "sleep", "100000"]);
      for (const one of lab.hosts) for (let i = 0; i < NEIGHBOURS / 2; i++) await one.docker(["run", "-d", "--name", `n-${i}`, LAB_IMAGE, "sleep", "100000"]);
      binnacle = await install(lab);
      const client = await binnacle.client();
      const fleet = mirrorFleet(client.api);
      for (const one of lab.hosts) await binnacle.join(client, one);
      await eventually("the list is whole", () => fleet.containers.size === NEIGHBOURS + 1 && fleet.container(host.name, NAME));
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB" });
      const cookies = client.cookie.split("; ").map((pair) => ({ name: pair.slice(0, pair.indexOf("=")), value: pair.slice(pair.indexOf("=") + 1), url: binnacle!.url }));
      await context.addCookies(cookies);
      const page = await context.newPage();
      log(`${NEIGHBOURS + 1} containers on two engines; ${DEATHS} deaths, ${RESTARTS} restarts`);
      const deaths = await measureDeaths(page, binnacle.url, host);
      const restarts = await measureRestarts(page, binnacle.url, client, fleet, host.name, log);
      fleet.close();
      const seen = deaths.slice(WARM_UP).map((run) => run.seenMs);
      const added = restarts.slice(WARM_UP).map((run) => run.addedMs);
      return {
        figures: [
          { name: "engine's event to painted, p95", value: percentile(seen, 0.95), unit: "ms", bound: { op: "<=", value: 300 } },
          { name: "engine's event to painted, median", value: median(seen), unit: "ms", bound: null },
          { name: "painted beside docker events on the host, median of ratios", value: median(deaths.slice(WARM_UP).map((run) => run.seenMs / run.toldMs)), unit: "x", bound: null },
          { name: "added to a restart, p95", value: percentile(added, 0.95), unit: "ms", bound: { op: "<=", value: 50 } },
          { name: "added to a restart, median", value: median(added), unit: "ms", bound: null },
        ],
        raw: { deaths, restarts },
      };
    } finally {
      await browser.close();
      await binnacle?.close();
      await lab?.down();
    }
  },
};
