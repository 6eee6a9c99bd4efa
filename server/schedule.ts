/** Every timer of the hub that belongs to no single object, in one table (main.ts fills it). */
import type { Clock } from "./lib/clock";
import type { Logger } from "./lib/logger";

export interface Job {
  name: string;
  everyMs: number;
  run(): void | Promise<void>;
}

/** Starts all jobs; a job that still runs is not started again. Returns the function that stops them. */
export function startSchedule(jobs: Job[], clock: Clock, log: Logger): () => void {
  const stops = jobs.map((job) => {
    let running = false;
    return clock.every(job.everyMs, () => {
      if (running) return;
      running = true;
      Promise.resolve()
        .then(() => job.run())
        .catch((error: unknown) => log.error({ job: job.name, err: error }, "scheduled job failed"))
        .finally(() => {
          running = false;
        });
    });
  });
  return () => stops.forEach((stop) => stop());
}
