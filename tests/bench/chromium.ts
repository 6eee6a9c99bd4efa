/** The distribution's Chromium, headless, asking nobody outside. */
import type { LaunchOptions } from "@playwright/test";

export const CHROMIUM: LaunchOptions = {
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
};
