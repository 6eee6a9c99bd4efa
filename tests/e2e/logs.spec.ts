/** The log view over real engines: following, finding, levels, colours, several containers, older lines, and a search of all hosts. */
import type { Page } from "@playwright/test";
import { LAB_IMAGE, type LabHost } from "../lab/lab";
import { expect, setUpIfNeeded, signInHere, type Stage, test, watchErrors } from "./stage";

test.describe.configure({ mode: "serial" });

/** Joins the second host where another file has not done so. */
async function joinSecond(page: Page, stage: Stage): Promise<void> {
  await page.goto(`${stage.url}/hosts`);
  await expect(page.getByRole("link", { name: "h1", exact: true }).first()).toBeVisible();
  if (await page.getByRole("link", { name: "h2", exact: true }).count()) return;
  await page.goto(`${stage.url}/hosts/add`);
  await page.getByRole("main").locator('button[type="submit"]').click();
  stage.paste(await page.getByTestId("join-line").innerText(), stage.lab.host(2));
  await expect(page.getByRole("status").filter({ hasText: "h2 is here" })).toBeVisible({ timeout: 30_000 });
}

/** A container that says what its script says; `sh` has no other name in it than the lab's image. */
const say = (host: LabHost, name: string, script: string) => host.docker(["run", "-d", "--name", name, LAB_IMAGE, "sh", "-c", script]);
/** Adds lines to a container that waits for them. */
const ECHO = "while :; do if [ -f /tmp/say ]; then cat /tmp/say; rm /tmp/say; fi; sleep 0.1; done";
const tell = (host: LabHost, name: string, text: string) => host.docker(["exec", name, "sh", "-c", `printf '%s\\n' "$1" > /tmp/next && mv /tmp/next /tmp/say`, "sh", text]);

const log = (page: Page) => page.getByRole("log", { name: "Logs" });
const line = (page: Page, text: string | RegExp) => log(page).locator("[data-row]").filter({ hasText: text });
/** The address of the logs of containers, as the table gives it. */
async function openLogs(page: Page, stage: Stage, names: string[], rest = ""): Promise<void> {
  await page.goto(`${stage.url}/containers`);
  const keys: string[] = [];
  for (const name of names) {
    const href = await page.getByRole("link", { name, exact: true }).first().getAttribute("href");
    keys.push((href ?? "").replace(/^\/containers\//, "").replace(/\?.*$/, ""));
  }
  await page.goto(`${stage.url}/logs?${keys.map((key) => `c=${encodeURIComponent(key)}`).join("&")}${rest}`);
}

test.beforeAll(async ({ browser, stage }) => {
  const page = await browser.newPage();
  await setUpIfNeeded(page, stage);
  // Who has just set it up is signed in.
  if (page.url() === "about:blank") await signInHere(page, stage.url);
  await joinSecond(page, stage);
  await page.close();
  const [first, second] = [stage.lab.host(1), stage.lab.host(2)];
  await say(first, "talker", ECHO);
  await say(second, "talker-2", ECHO);
  await say(first, "counter", "i=0; while [ $i -lt 7000 ]; do echo \"count $i of many\"; i=$((i+1)); done; sleep 100000");
  await say(first, "painter", [
    "printf 'plain INFO start\\n'",
    "printf '\\033[31mred words\\033[0m after\\n'",
    "printf '\\033]8;;javascript:alert(1)\\033\\\\click me\\033]8;;\\033\\\\\\n'",
    "printf '<img src=x onerror=\"window.hacked=1\">\\n'",
    "printf 'WARN half full\\n'",
    "printf 'ERROR allocation failed\\n    at expand (cart.js:1)\\n'",
    "printf 'to the error output\\n' >&2",
    "sleep 100000",
  ].join("; "));
});

test("key 4 leads to the logs; l in the table opens those of the line", async ({ page, stage }) => {
  const errors = watchErrors(page);
  await signInHere(page, stage.url);
  await page.goto(`${stage.url}/containers?q=name:talker&group=none`);
  await expect(page.getByRole("link", { name: "talker", exact: true })).toBeVisible();
  await page.keyboard.press("KeyJ");
  await page.keyboard.press("KeyL");
  await expect(page).toHaveURL(/\/logs\?c=/);
  await expect(page.getByText("Following")).toBeVisible();
  await page.keyboard.press("Digit1");
  await page.keyboard.press("Digit4");
  await expect(page.getByRole("heading", { name: "Search every log at once" })).toBeVisible();
  expect(errors).toEqual([]);
});

test("a line is in the browser when the container has written it, and stands still when asked", async ({ page, stage }) => {
  await signInHere(page, stage.url);
  await openLogs(page, stage, ["talker"]);
  await expect(page.getByText("Following")).toBeVisible();
  await tell(stage.lab.host(1), "talker", "hello from the container");
  await expect(line(page, "hello from the container")).toBeVisible();
  await page.keyboard.press("KeyP");
  await expect(page.getByText("Paused")).toBeVisible();
  await tell(stage.lab.host(1), "talker", "while it stood still");
  await expect(page.getByRole("button", { name: /1 new line/ })).toBeVisible();
  await page.keyboard.press("KeyF");
  await expect(line(page, "while it stood still")).toBeVisible();
  await expect(page.getByText("Following")).toBeVisible();
});

test("colours are classes, steering is gone, and no text becomes HTML", async ({ page, stage }) => {
  const errors = watchErrors(page);
  await signInHere(page, stage.url);
  await openLogs(page, stage, ["painter"]);
  await expect(line(page, "red words").locator(".ansi-f1")).toHaveText("red words");
  await expect(line(page, "click me")).toBeVisible();
  await expect(log(page).locator("a, img")).toHaveCount(0);
  await expect(line(page, '<img src=x onerror="window.hacked=1">')).toBeVisible();
  expect(await page.evaluate(() => "hacked" in window)).toBe(false);
  await expect(line(page, "to the error output")).toHaveAttribute("data-stream", "stderr");
  expect(errors).toEqual([]);
});

test("levels hide what is less, keep a stack trace with its error, and stand in the address", async ({ page, stage }) => {
  await signInHere(page, stage.url);
  await openLogs(page, stage, ["painter"]);
  await expect(line(page, "plain INFO start")).toBeVisible();
  await page.getByRole("button", { name: "Levels" }).click();
  await page.getByRole("menuitemradio", { name: "≥ error" }).click();
  await expect(line(page, "plain INFO start")).toHaveCount(0);
  await expect(line(page, "at expand (cart.js:1)")).toBeVisible();
  await expect(page).toHaveURL(/level=error/);
  await page.reload();
  await expect(line(page, "allocation failed")).toBeVisible();
  await expect(line(page, "WARN half full")).toHaveCount(0);
  await page.getByRole("button", { name: /lines? hidden by level/ }).click();
  await expect(line(page, "WARN half full")).toBeVisible();
});

test("finding marks each place, counts them and goes from one to the next; a bad pattern says so", async ({ page, stage }) => {
  await signInHere(page, stage.url);
  await openLogs(page, stage, ["painter"]);
  await expect(line(page, "red words")).toBeVisible();
  await page.keyboard.press("Slash");
  await page.keyboard.type("word");
  await expect(log(page).locator("mark")).toHaveText(["word"]);
  const field = page.getByRole("searchbox", { name: "Find in these lines" });
  await field.fill("allocation|red");
  await expect(page.getByText("no hits")).toBeVisible();
  await page.getByRole("button", { name: "Pattern" }).click();
  await expect(page.getByText("2 hits")).toBeVisible();
  await field.press("Enter");
  await expect(page.getByText("2 of 2")).toBeVisible();
  await field.press("Escape");
  await page.keyboard.press("Shift+KeyN");
  await expect(page.getByText("1 of 2")).toBeVisible();
  await field.fill("(");
  await expect(page.getByRole("alert").filter({ hasText: "That is no pattern" })).toBeVisible();
});

test("several containers of two hosts are merged by time, each in its colour", async ({ page, stage }) => {
  await signInHere(page, stage.url);
  await openLogs(page, stage, ["talker"]);
  await page.getByRole("button", { name: "Add" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("searchbox").fill("talker-2");
  await expect(dialog.getByRole("checkbox")).toHaveCount(2);
  await dialog.getByRole("searchbox").press("Enter");
  await dialog.getByRole("button", { name: "Show logs" }).click();
  await expect(page.getByText("2 containers · 2 hosts")).toBeVisible();
  await expect(page.getByText("Following")).toBeVisible();
  for (const [number, name, text] of [[1, "talker", "ping one"], [2, "talker-2", "pong two"], [1, "talker", "ping three"]] as const) {
    await tell(stage.lab.host(number), name, text);
    await expect(line(page, text)).toBeVisible();
  }
  const texts = await line(page, /ping|pong/).allInnerTexts();
  expect(texts.map((text) => /(ping|pong) \w+/.exec(text)?.[0])).toEqual(["ping one", "pong two", "ping three"]);
  await expect(line(page, "ping one").locator(".log-source-0").first()).toBeVisible();
  await expect(line(page, "pong two").locator(".log-source-1").first()).toBeVisible();
});

test("scrolling up reads older lines back to the first, in order and without a hole", async ({ page, stage }) => {
  await signInHere(page, stage.url);
  await openLogs(page, stage, ["counter"]);
  await expect(line(page, "count 6999 of many")).toBeVisible();
  const goUp = async () => {
    await log(page).evaluate((list) => void (list.scrollTop = 0));
    return page.getByTestId("older").allInnerTexts();
  };
  await expect.poll(goUp, { timeout: 90_000, intervals: [200] }).toEqual(["This is the first line that is kept."]);
  // Every line once, in order: what is drawn while it is scrolled through.
  const seen = await page.evaluate(async () => {
    const list = document.querySelector<HTMLElement>('[role="log"]')!;
    const numbers: number[] = [];
    for (let top = 0; top < list.scrollHeight; top += list.clientHeight) {
      list.scrollTop = top;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      for (const row of list.querySelectorAll("[data-row]")) {
        const number = Number(/count (\d+)/.exec(row.textContent ?? "")?.[1]);
        if (number > (numbers.at(-1) ?? -1)) numbers.push(number);
      }
    }
    return numbers;
  });
  expect(seen).toEqual(Array.from({ length: 7_000 }, (_, i) => i));
});

test("a long log is read forward from its first line, as far as one scrolls, and no further by itself", async ({ page, stage }) => {
  const host = stage.lab.host(1);
  // More than twice what the page keeps.
  await say(host, "long", "seq 1 130000; sleep 100000");
  await signInHere(page, stage.url);
  await openLogs(page, stage, ["long"], "&from=oldest");
  const numbers = async () => (await log(page).locator("[data-row]").allInnerTexts()).map((text) => Number(/(\d+)\s*$/.exec(text)?.[1]));
  await expect.poll(async () => (await numbers())[0]).toBe(1);
  await expect(page.getByText("Reading", { exact: true })).toBeVisible();
  const goDown = async () => {
    await log(page).evaluate((list) => void (list.scrollTop = list.scrollHeight));
    const drawn = await numbers();
    // Whatever left at the front and came at the end: what is drawn goes on without a hole.
    expect(drawn).toEqual(drawn.map((_, i) => (drawn[0] ?? 0) + i));
    return drawn.at(-1);
  };
  await expect.poll(goDown, { timeout: 60_000, intervals: [200] }).toBe(130_000);
  await host.docker(["rm", "-f", "long"]);
});

test("what is shown can be saved, and the whole log from its first line", async ({ page, stage }) => {
  await signInHere(page, stage.url);
  await openLogs(page, stage, ["counter"]);
  await expect(line(page, "count 6999 of many")).toBeVisible();
  await page.getByRole("button", { name: "Download" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "counter" }).click()]);
  const { readFileSync } = await import("node:fs");
  const lines = readFileSync(await file.path(), "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(7_000);
  expect(lines[0]).toMatch(/^20\d\d-.*Z count 0 of many$/);
  expect(lines.at(-1)).toMatch(/count 6999 of many$/);
});

test("a container that is created again goes on in the same view", async ({ page, stage }) => {
  const host = stage.lab.host(1);
  await say(host, "phoenix", `echo first life; ${ECHO}`);
  await signInHere(page, stage.url);
  await openLogs(page, stage, ["phoenix"]);
  await expect(line(page, "first life")).toBeVisible();
  await host.docker(["rm", "-f", "phoenix"]);
  await say(host, "phoenix", `echo second life; ${ECHO}`);
  await expect(line(page, "second life")).toBeVisible({ timeout: 30_000 });
  await expect(line(page, "first life")).toBeVisible();
  await expect(line(page, "created again here")).toBeVisible();
  await host.docker(["rm", "-f", "phoenix"]);
});

test("a search of all hosts finds the line, says where, opens the log at it, and Back brings the hits again", async ({ page, stage }) => {
  await tell(stage.lab.host(2), "talker-2", "the needle-7741 lies here");
  await tell(stage.lab.host(1), "talker", "another needle-7741");
  await signInHere(page, stage.url);
  await page.goto(`${stage.url}/logs`);
  const field = page.getByRole("searchbox", { name: "Find in all logs" });
  await field.fill("needle-7741");
  await field.press("Enter");
  const hits = page.getByRole("list", { name: "Hits" }).getByRole("listitem");
  await expect(hits).toHaveCount(2, { timeout: 30_000 });
  await expect(page).toHaveURL(/find=needle-7741/);
  const hit = hits.filter({ hasText: "talker-2" });
  await expect(hit).toContainText("h2");
  await hit.getByRole("link").click();
  await expect(log(page).locator("[aria-current]")).toContainText("the needle-7741 lies here");
  await page.goBack();
  await expect(hits).toHaveCount(2, { timeout: 30_000 });
});

test("the log is on the container's page too", async ({ page, stage }) => {
  await signInHere(page, stage.url);
  await page.goto(`${stage.url}/containers`);
  await page.getByRole("link", { name: "painter", exact: true }).click();
  await expect(page.getByRole("heading", { name: "painter", level: 1 })).toBeVisible();
  await page.keyboard.press("KeyL");
  await expect(line(page, "allocation failed")).toBeVisible();
});

test("on a phone lines are wrapped, and the last fifty are one touch away", async ({ browser, page, stage }) => {
  await signInHere(page, stage.url);
  await openLogs(page, stage, ["painter"]);
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const phone = await context.newPage();
  await signInHere(phone, stage.url);
  await phone.goto(page.url());
  await expect(line(phone, "allocation failed")).toBeVisible();
  expect(await log(phone).evaluate((list) => list.scrollWidth - list.clientWidth)).toBeLessThanOrEqual(0);
  await phone.getByRole("button", { name: "Copy last 50 lines" }).click();
  await expect(phone.getByText("Copied", { exact: true })).toBeVisible();
  await context.close();
});
