import { defineConfig } from "prisma/config";

// Read by the Prisma command alone, for `generate` and `npm run migration`. The hub finds its database
// through server/config.ts and applies prisma/migrations itself.
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env["PRISMA_SCRATCH_DATABASE"] ?? "file:./data/scratch.db" },
});
