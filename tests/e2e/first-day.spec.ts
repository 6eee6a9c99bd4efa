/** The first day of a person with Binnacle, in a real browser, over real engines, without one reload. */
import type { Page } from "@playwright/test";
import { expect, PERSON, signInHere, speak, test, watchErrors } from "./stage";

test.describe.configure({ mode: "serial" });

/** A mark that a reload would wipe away. */
const mark = (page: Page) => page.evaluate(() => void Object.assign(window, { sameDocument: true }));
const isSameDocument = (page: Page) => page.evaluate(() => "sameDocument" in window);
const rowOf = (page: Page, name: string) => page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });

test("from the printed link to the live list of this machine's containers", async ({ page, stage }) => {
  const errors = watchErrors(page);
  await page.goto(stage.setUpLink);
  await expect(page).toHaveURL(/\/set-up$/); // the secret has left the address bar
  await page.locator('input[name="name"]').fill(PERSON.name);
  await page.locator('input[type="email"]').fill(PERSON.email);
  await page.locator('input[type="password"]').fill(PERSON.password);
  await page.getByRole("button", { name: "Set up and sign in" }).click();
  await expect(page.getByRole("navigation", { name: "Places" }).first()).toBeVisible();
  await page.goto(`${stage.url}/containers`);
  await expect(rowOf(page, "web-h1")).toContainText("running");
  await expect(rowOf(page, "worker-h1")).toContainText("running");
  expect(errors).toEqual([]);
});

test("the set-up link works once, and says how to get on", async ({ page, stage }) => {
  await page.goto(stage.setUpLink);
  await expect(page.locator('input[name="name"]')).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Sign in" })).toBeVisible();
});

test("a wrong password says nothing about who exists", async ({ page, stage }) => {
  for (const email of [PERSON.email, "nobody@example.test"]) {
    await page.goto(`${stage.url}/sign-in`);
    await page.locator('input[type="email"]').fill(email);
    await page.locator('input[type="password"]').fill("not the password");
    await page.locator('button[type="submit"]').click();
    await expect(page.getByRole("alert").filter({ hasText: "do not fit together" })).toBeVisible();
  }
});

test("two more hosts with one pasted line each, the second in Korean", async ({ page, context, stage }) => {
  const errors = watchErrors(page);
  await signInHere(page, stage.url);
  const words = { en: { make: "Make the line", here: "h2 is here" }, ko: { make: "등록 명령어 만들기", here: "h3" } };
  for (const [locale, number] of [["en", 2], ["ko", 3]] as const) {
    await speak(context, stage.url, locale);
    await page.goto(`${stage.url}/hosts/add`);
    await page.getByRole("main").locator('button[type="submit"]').click();
    const line = await page.getByTestId("join-line").innerText();
    expect(line).toMatch(/^npm run agent -- --hub \S+ --pin \S+ --token \S+$/);
    stage.paste(line, stage.lab.host(number));
    await expect(page.getByRole("status").filter({ hasText: words[locale].here })).toBeVisible({ timeout: 30_000 });
  }
  await speak(context, stage.url, "en");
  await page.goto(`${stage.url}/containers`);
  for (const name of ["web-h1", "web-h2", "web-h3"]) await expect(rowOf(page, name)).toContainText("running");
  expect(errors).toEqual([]);
});

test("restart a container on a remote host and see it come back, all without a reload", async ({ page, stage }) => {
  const host = stage.lab.host(2);
  const startedAt = () => host.docker(["inspect", "-f", "{{.State.StartedAt}}", "web-h2"]);
  await signInHere(page, stage.url);
  await page.goto(`${stage.url}/containers`);
  await rowOf(page, "web-h2").getByRole("link", { name: "web-h2" }).click();
  await mark(page);
  const before = await startedAt();
  await page.getByRole("button", { name: "Restart", exact: true }).click();
  await expect(page.getByText(/restarting…/).first()).toBeVisible();
  // sleep ignores SIGTERM as process 1: the engine waits out its grace period, and so does the page.
  await expect.poll(startedAt, { timeout: 30_000 }).not.toBe(before);
  await expect(page.getByRole("button", { name: "Restart", exact: true })).toBeEnabled({ timeout: 30_000 });
  await expect(page.getByText(/restarting…/)).toHaveCount(0);
  expect(await isSameDocument(page)).toBe(true);
});

test("what happens at the host is on the page by itself", async ({ page, stage }) => {
  await signInHere(page, stage.url);
  await page.goto(`${stage.url}/containers`);
  await expect(rowOf(page, "worker-h3")).toContainText("running");
  await mark(page);
  await stage.lab.host(3).docker(["run", "-d", "--name", "newcomer", "busybox:local", "sleep", "100000"]);
  await expect(rowOf(page, "newcomer")).toContainText("running");
  await stage.lab.host(3).docker(["kill", "newcomer"]);
  await expect(rowOf(page, "newcomer")).toContainText("exited (137)");
  await stage.lab.host(3).docker(["rm", "newcomer"]);
  await expect(rowOf(page, "newcomer")).toHaveCount(0);
  expect(await isSameDocument(page)).toBe(true);
});

test("removing asks first and says what is lost", async ({ page, stage }) => {
  await stage.lab.host(2).docker(["run", "-d", "--name", "doomed", "-v", "/scratch", "busybox:local", "sleep", "100000"]);
  await signInHere(page, stage.url);
  await page.goto(`${stage.url}/containers`);
  await rowOf(page, "doomed").getByRole("button", { name: "Actions for doomed" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("1 anonymous volume");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(rowOf(page, "doomed")).toContainText("running");
  await rowOf(page, "doomed").getByRole("button", { name: "Actions for doomed" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await expect(rowOf(page, "doomed")).toHaveCount(0);
});

test("by keyboard alone, with the letters of a Korean layout too", async ({ page, stage }) => {
  await signInHere(page, stage.url);
  await page.goto(stage.url);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("Digit2");
  await expect(page).toHaveURL(/\/containers/);
  await expect(rowOf(page, "web-h1")).toBeVisible();
  await page.keyboard.press("Slash");
  await page.keyboard.type("web host:h2");
  await expect(rowOf(page, "web-h1")).toHaveCount(0);
  await expect(rowOf(page, "web-h2")).toBeVisible();
  await page.keyboard.press("Escape");
  // Down to the group, then to its first row. A page sees `ㅓ` and the place of the key.
  for (let i = 0; i < 2; i++) await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ㅓ", code: "KeyJ", bubbles: true })));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/containers\/.+web-h2/);
});

test("a host that goes silent keeps its rows, grey and with their age", async ({ page, stage }) => {
  await signInHere(page, stage.url);
  await page.goto(`${stage.url}/containers`);
  await expect(rowOf(page, "web-h3")).toContainText("running");
  await stage.lab.host(3).cut();
  await expect(rowOf(page, "web-h3")).toContainText(/unknown · confirmed/, { timeout: 30_000 });
  await expect(rowOf(page, "web-h2")).toContainText("running");
  await stage.lab.host(3).heal();
  await expect(rowOf(page, "web-h3")).toContainText("running", { timeout: 40_000 });
});

test("the server away and back: one bar, the page stands still, and goes on without a reload", async ({ page, stage }) => {
  await signInHere(page, stage.url);
  await page.goto(`${stage.url}/containers`);
  await expect(rowOf(page, "web-h2")).toContainText("running");
  await mark(page);
  await stage.restart(async () => {
    await expect(page.getByText("The Binnacle server does not answer")).toBeVisible();
    await expect(rowOf(page, "web-h2"), "the last picture stays").toBeVisible();
  });
  await expect(page.getByText("The Binnacle server does not answer")).toHaveCount(0, { timeout: 30_000 });
  for (const name of ["web-h1", "web-h2", "web-h3"]) await expect(rowOf(page, name)).toContainText("running", { timeout: 30_000 });
  expect(await isSameDocument(page)).toBe(true);
});

test("an ended session is at the sign-in within a second or so, from another browser", async ({ page, browser, stage }) => {
  await signInHere(page, stage.url);
  const other = await browser.newContext();
  try {
    const second = await other.newPage();
    await signInHere(second, stage.url);
    await second.goto(`${stage.url}/containers`);
    await expect(rowOf(second, "web-h2")).toBeVisible();
    await page.goto(`${stage.url}/settings`);
    await page.getByRole("button", { name: /others/i }).click();
    const confirm = page.getByRole("dialog").getByRole("button", { name: /end/i });
    if (await confirm.isVisible()) await confirm.click();
    await expect(second).toHaveURL(/\/sign-in/, { timeout: 5_000 });
  } finally {
    await other.close();
  }
});
