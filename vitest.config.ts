import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// A zone with a quarter of an hour in it: what assumes UTC or whole hours fails here and not at a user's.
process.env["TZ"] = "Asia/Kathmandu";

const alias = { "@/": fileURLToPath(new URL("./", import.meta.url)) };
const everywhere = ["**/node_modules/**", "**/.next/**", "dist/**", "tests/e2e/**"];

export default defineConfig({
  resolve: { alias },
  test: {
    environment: "node",
    teardownTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.{ts,tsx}", "bin/*.test.mjs"],
          exclude: [...everywhere, "**/*.lab.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "lab",
          include: ["**/*.lab.test.ts"],
          exclude: everywhere,
          // Real engines: one file at a time on the machine, each in a process that takes nothing with it.
          pool: "forks",
          fileParallelism: false,
          testTimeout: 180_000,
          // Engines, kernels and links of a shared machine stumble now and then; what fails twice is broken. The report names what needed it.
          retry: 1,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
