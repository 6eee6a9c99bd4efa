/** Every page in both languages, both themes and both sizes: nothing sticks out, nothing fails the accessibility rules. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { LAB_IMAGE } from "../lab/lab";
import { expect, setUpIfNeeded, signInHere, speak, test, watchErrors } from "./stage";

// Each of four tests looks at every page in two sizes.
test.describe.configure({ mode: "serial", timeout: 300_000 });
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PLACES = ["/", "/containers", "/hosts", "/hosts/add", "/logs", "/settings"];
/** Every colour and style of a terminal on every ground, a level each, and both outputs. */
const SAYS = [
  "for c in 30 31 32 33 34 35 36 37 90 91 92 93 94 95 96 97; do printf \"\\033[${c}mcolour\\033[0m \\033[$((c+10))mground\\033[0m \\033[7;${c}minverse\\033[0m \\033[1;2;3;4;${c}mstyled\\033[0m\\n\"; done",
  "for l in TRACE DEBUG INFO WARN ERROR FATAL; do echo $l a line of its level; done",
  "echo a line of the error output >&2",
  "sleep 100000",
].join("; ");
const SPEAKER = "speaker";
const SIZES = [{ width: 1440, height: 900 }, { width: 390, height: 844 }];

/** Serious findings of axe, as sentences. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } };
    const { violations } = await axe.run();
    return violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`);
  });
}

const FAILED = "looks-failed";
test.beforeAll(async ({ browser, stage }) => {
  const page = await browser.newPage();
  await setUpIfNeeded(page, stage);
  await page.close();
  await stage.lab.host(1).docker(["run", "-d", "--name", FAILED, LAB_IMAGE, "sh", "-c", "echo no such table; exit 5"]);
  await stage.lab.host(1).docker(["run", "-d", "--name", SPEAKER, LAB_IMAGE, "sh", "-c", SAYS]);
});
test.afterAll(({ stage }) => stage.lab.host(1).docker(["rm", "-f", FAILED, SPEAKER]));

/** Pages whose address is known only at run time: of the first host, of one of its containers, and of one that failed. */
async function ownPages(page: Page, url: string): Promise<string[]> {
  const hrefOf = async (place: string, link: string) => {
    await page.goto(url + place);
    return (await page.locator(`main a[href*="${link}"]`).first().getAttribute("href"))!;
  };
  const container = await hrefOf("/containers", "/web-h1/");
  const failed = container.replace("/web-h1/", `/${FAILED}/`);
  const speaker = container.replace("/web-h1/", `/${SPEAKER}/`);
  const key = encodeURIComponent(speaker.replace("/containers/", ""));
  return [await hrefOf("/hosts", "/hosts/host_"), container, failed, `${failed}?part=changes`, `${failed}?part=boxes`, `${speaker}?part=logs`, `/logs?c=${key}&find=line`, "/logs?find=level"];
}

for (const locale of ["en", "ko"] as const) {
  for (const colorScheme of ["dark", "light"] as const) {
    test(`${locale}, ${colorScheme}: fits, reads, and reports no error`, async ({ browser, stage }) => {
      for (const viewport of SIZES) {
        const context = await browser.newContext({ viewport, colorScheme });
        await speak(context, stage.url, locale);
        const page = await context.newPage();
        const errors = watchErrors(page);
        await page.goto(`${stage.url}/sign-in`);
        expect(await faults(page), `sign-in ${viewport.width}`).toEqual([]);
        await signInHere(page, stage.url);
        for (const place of [...PLACES, ...(await ownPages(page, stage.url))]) {
          await page.goto(stage.url + place);
          await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
          if (place.includes(SPEAKER)) await expect(page.getByText("a line of the error output")).toBeVisible();
          if (place === "/logs?find=level") await expect(page.getByText("a line of its level").first()).toBeVisible();
          if (place === "/containers") await expect(page.getByText("web-h1").first()).toBeVisible();
          if (place.endsWith("part=boxes")) await expect(page.getByText("no such table").first()).toBeVisible();
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          expect(overflow, `${place} at ${viewport.width} is wider than the window`).toBeLessThanOrEqual(0);
          expect(await faults(page), `${place} ${viewport.width}`).toEqual([]);
        }
        expect(await page.evaluate(() => document.documentElement.lang)).toBe(locale);
        expect(errors).toEqual([]);
        await context.close();
      }
    });
  }
}
