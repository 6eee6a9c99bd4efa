import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

// The distribution's own browser: nothing is downloaded for the tests.
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];
const executablePath = process.env["BINNACLE_TEST_CHROMIUM"] ?? PLACES.find((path) => existsSync(path));

export default defineConfig({
  testDir: "tests/e2e",
  testMatch: "**/*.{spec,test}.ts",
  outputDir: "test-results",
  // One stack with real engines at a time.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: "list",
  use: {
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
    },
  },
});
