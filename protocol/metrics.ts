/**
 * What a host and its containers use. Every figure is a rate or a level over the time since the sample
 * before it; null means "not known now" and never stands for zero.
 */
import { z } from "zod/mini";
import { LIMITS } from "./limits";

const level = z.nullable(z.number().check(z.nonnegative(), z.lte(Number.MAX_SAFE_INTEGER)));

/** One running container. */
export const ContainerFigures = z.object({
  id: z.string().check(z.regex(/^[a-f0-9]{12,64}$/)),
  /** Cores: CPU seconds a second. */
  cpu: level,
  /** The limit in cores; null: none. */
  cpuLimit: level,
  /** Share of the periods in which it was held back by its CPU limit, 0 to 1; null also where it has none. */
  throttled: level,
  /** Bytes of the working set: usage without the file cache that can go at once. */
  memory: level,
  /** Bytes; null: none below the host's memory. */
  memoryLimit: level,
  /** Bytes a second. */
  received: level,
  sent: level,
  read: level,
  written: level,
  /** Processes and threads. */
  pids: level,
});
export type ContainerFigures = z.infer<typeof ContainerFigures>;

/** One mounted disk of a host. */
export const DiskFigures = z.object({ mount: z.string().check(z.maxLength(LIMITS.textChars)), used: level, total: level });
export type DiskFigures = z.infer<typeof DiskFigures>;

export const HostFigures = z.object({
  /** Cores in use, of `cpus`. */
  cpu: level,
  cpus: level,
  /** Load averages over 1, 5 and 15 minutes. */
  load: z.nullable(z.tuple([z.number(), z.number(), z.number()])),
  /** Bytes. Used is what is not available to new programs. */
  memory: level,
  memoryTotal: level,
  swap: level,
  swapTotal: level,
  disks: z.array(DiskFigures).check(z.maxLength(LIMITS.sampleDisks)),
  /** Bytes a second over all physical interfaces and disks. */
  received: level,
  sent: level,
  read: level,
  written: level,
});
export type HostFigures = z.infer<typeof HostFigures>;

/** All that was measured at one moment. A container that is not in it was not running or could not be read. */
export const Sample = z.object({
  at: z.number().check(z.nonnegative(), z.lte(253_402_300_799_999)),
  /** The span that the rates are taken over; null in the first sample of a run, whose rates are null. */
  spanMs: z.nullable(z.number().check(z.nonnegative())),
  host: z.nullable(HostFigures),
  containers: z.array(ContainerFigures).check(z.maxLength(LIMITS.sampleContainers)),
});
export type Sample = z.infer<typeof Sample>;
