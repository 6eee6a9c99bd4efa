/** Figures, black boxes and reach in a real browser, over real engines. */
import type { Page } from "@playwright/test";
import { LAB_IMAGE } from "../lab/lab";
import { expect, setUpIfNeeded, signInHere, type Stage, test, watchErrors } from "./stage";

test.describe.configure({ mode: "serial" });
const rowOf = (page: Page, name: string) => page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });

/** The streams of live figures that a page has open, by what it told the socket. */
function watchLive(page: Page): { open: () => number } {
  const open = new Set<string>();
  page.on("websocket", (socket) => {
    const key = (id: unknown) => `${socket.url()} ${String(id)}`;
    socket.on("framesent", ({ payload }) => {
      for (const message of [JSON.parse(String(payload).startsWith("{") || String(payload).startsWith("[") ? String(payload) : "{}")].flat() as { id?: number; method?: string; params?: { path?: string } }[]) {
        if (message.method === "subscription" && message.params?.path === "metrics.live") open.add(key(message.id));
        if (message.method === "subscription.stop") open.delete(key(message.id));
      }
    });
    socket.on("close", () => open.clear());
  });
  return { open: () => open.size };
}

/** Says that the tab is hidden or in front again, as a browser does; a test's page is always in front. */
const setHidden = (page: Page, hidden: boolean) =>
  page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (value ? "hidden" : "visible") });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);

test.beforeAll(async ({ browser, stage }) => {
  const page = await browser.newPage();
  await setUpIfNeeded(page, stage);
  await page.close();
});
test.beforeEach(({ page, stage }) => signInHere(page, stage.url));

test("a host says what it uses, each second, and how it is read", async ({ page, stage }) => {
  const errors = watchErrors(page);
  const live = watchLive(page);
  await page.goto(`${stage.url}/hosts`);
  await page.getByRole("link", { name: "h1", exact: true }).click();
  const cpu = page.getByRole("slider", { name: "CPU" });
  await expect(cpu).toBeVisible();
  for (const name of ["Load", "Memory", "Network", "Disk traffic"]) await expect(page.getByRole("slider", { name })).toBeVisible();
  await expect(page.getByRole("meter").first()).toBeVisible();
  expect(live.open()).toBe(1);
  // A point a second: thirty come long before three of every ten seconds would.
  const points = async () => Number(await cpu.getAttribute("aria-valuemax"));
  const before = await points();
  await expect.poll(points, { timeout: 40_000 }).toBeGreaterThan(before + 12);
  await expect(page.getByText(/^(Full|API only)$/).first()).toBeVisible();
  await setHidden(page, true);
  await expect.poll(live.open, "nobody looks, so nobody asks").toBe(0);
  await setHidden(page, false);
  await expect.poll(live.open).toBe(1);
  await page.getByRole("link", { name: "Containers" }).first().click();
  await expect.poll(live.open, "the page was left").toBe(0);
  expect(errors).toEqual([]);
});

test("a chart is read by arrow keys, all charts of the page at the same moment", async ({ page, stage }) => {
  await page.goto(`${stage.url}/containers`);
  await rowOf(page, "web-h1").getByRole("link", { name: "web-h1" }).click();
  const memory = page.getByRole("slider", { name: "Memory" });
  await expect.poll(async () => Number(await memory.getAttribute("aria-valuemax")), { timeout: 40_000 }).toBeGreaterThan(4);
  await memory.focus();
  await page.keyboard.press("Home");
  const first = await memory.getAttribute("aria-valuetext");
  expect(first).toMatch(/^\d\d:\d\d:\d\d: Memory \S+/);
  const moment = first!.slice(0, 8);
  await expect(page.locator("figure time", { hasText: moment })).toHaveCount(await page.getByRole("slider").count());
  await page.keyboard.press("ArrowRight");
  expect(await memory.getAttribute("aria-valuetext")).not.toBe(first);
  await page.keyboard.press("Escape");
  await expect(page.locator("figure time")).toHaveCount(0);
});

test("a container that is busy says so in the table, and comes first when sorted by CPU", async ({ page, stage }) => {
  const host = stage.lab.host(1);
  await host.docker(["run", "-d", "--name", "busy", "--cpus", "0.5", "--memory", "64m", LAB_IMAGE, "sh", "-c", "while :; do :; done"]);
  try {
    await page.goto(`${stage.url}/containers?group=none&sort=-cpu`);
    await expect(rowOf(page, "busy")).toContainText(/(4\d|5\d) %/, { timeout: 45_000 });
    await expect(page.getByRole("row").nth(1)).toContainText("busy");
    await expect(rowOf(page, "busy").getByRole("meter", { name: "Memory" })).toHaveAttribute("aria-valuetext", /of 64 MiB/);
    await rowOf(page, "busy").getByRole("link", { name: "busy" }).click();
    await expect(page.getByText("limit 50 %")).toBeVisible();
    await expect(page.getByRole("slider", { name: "Held back" })).toBeVisible({ timeout: 30_000 });
    await host.docker(["stop", "-t", "0", "busy"]);
    await page.goto(`${stage.url}/containers`);
    await expect(rowOf(page, "busy")).toContainText("exited (137)");
    await expect(rowOf(page, "busy").getByRole("cell").nth(5), "what does not run uses nothing that could be told").toHaveText("–", { timeout: 30_000 });
  } finally {
    await host.docker(["rm", "-f", "busy"]);
  }
});

test("what a container said last is kept, also when it is gone", async ({ page, stage }) => {
  await page.goto(`${stage.url}/containers`);
  await expect(rowOf(page, "web-h1")).toContainText("running");
  await stage.lab.host(1).docker(["run", "--rm", "--name", "short-lived", LAB_IMAGE, "sh", "-c", "echo first words; echo '<b>last</b> words' >&2; sleep 3; exit 3"]).catch(() => undefined);
  await expect(rowOf(page, "short-lived")).toHaveCount(0);
  // The page of what no longer runs, by an address that was kept somewhere.
  const key = (await rowOf(page, "web-h1").getByRole("link", { name: "web-h1" }).getAttribute("href"))!.replace("web-h1", "short-lived");
  await page.goto(`${stage.url}${key}?part=boxes`);
  await expect(page.getByText("This container is gone")).toBeVisible();
  const words = page.getByRole("list", { name: "What it said last" });
  await expect(words).toContainText("first words", { timeout: 30_000 });
  await expect(words).toContainText("<b>last</b> words");
  await expect(page.getByText("died, exit 3").first()).toBeVisible();
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await expect(page.getByText("Environment values were masked on the host")).toBeVisible();
  // From the history to the same box, which has an address of its own.
  await page.getByRole("link", { name: "Changes", exact: true }).click();
  await page.getByRole("link", { name: "What it said last" }).first().click();
  await expect(page).toHaveURL(/part=boxes&box=\d+-\d+/);
  await expect(words).toContainText("first words");
});

test("the card of what broke leads to what it said last", async ({ page, stage }) => {
  const host = stage.lab.host(1);
  await host.docker(["run", "-d", "--name", "breaks", LAB_IMAGE, "sh", "-c", "echo no such table; exit 5"]);
  try {
    await page.goto(stage.url);
    const card = page.getByRole("listitem").filter({ hasText: "breaks" });
    await card.getByRole("link", { name: "What it said last" }).click();
    await expect(page.getByRole("list", { name: "What it said last" })).toContainText("no such table", { timeout: 30_000 });
  } finally {
    await host.docker(["rm", "-f", "breaks"]);
  }
});

test("what happened while a host was cut off is filled in and marked", async ({ page, context, stage }) => {
  await letJoin(page, stage, 2);
  const host = stage.lab.host(2);
  await page.goto(`${stage.url}/containers`);
  const key = (await rowOf(page, "web-h2").getByRole("link", { name: "web-h2" }).getAttribute("href"))!;
  await host.cut();
  try {
    await expect(rowOf(page, "web-h2")).toContainText(/unknown/, { timeout: 30_000 });
    await expect(rowOf(page, "web-h2"), "a figure of before is said to be one").toContainText(/was|–/);
    await host.docker(["run", "-d", "--name", "meanwhile", LAB_IMAGE, "sh", "-c", "echo unseen; exit 4"]);
  } finally {
    await host.heal();
  }
  await expect(rowOf(page, "web-h2")).toContainText("running", { timeout: 40_000 });
  const other = await context.newPage();
  await other.goto(`${stage.url}${key.replace("web-h2", "meanwhile")}?part=changes`);
  await expect(other.getByText("filled in later").first()).toBeVisible({ timeout: 30_000 });
  await other.goto(`${stage.url}${key.replace("web-h2", "meanwhile")}?part=boxes`);
  await expect(other.getByRole("list", { name: "What it said last" })).toContainText("unseen", { timeout: 30_000 });
  await other.goto(`${stage.url}${key}`);
  await expect(other.getByText(/Filled in later \(the host was cut off \d\d:\d\d–\d\d:\d\d\)/).first()).toBeVisible({ timeout: 45_000 });
  await host.docker(["rm", "-f", "meanwhile"]);
});

/** Lets a host of the lab join, unless another spec file on this stage has done so. */
async function letJoin(page: Page, stage: Stage, number: number): Promise<void> {
  const { name } = stage.lab.host(number);
  await page.goto(`${stage.url}/hosts`);
  await expect(page.getByRole("link", { name: "h1", exact: true })).toBeVisible();
  if ((await page.getByRole("link", { name, exact: true }).count()) > 0) return;
  await page.goto(`${stage.url}/hosts/add`);
  await page.getByRole("button", { name: "Make the line" }).click();
  stage.paste(await page.getByTestId("join-line").innerText(), stage.lab.host(number));
  await expect(page.getByRole("status").filter({ hasText: `${name} is here` })).toBeVisible({ timeout: 30_000 });
}
