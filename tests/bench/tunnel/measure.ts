/** What a process under measurement says of itself. */

/** Resident memory after everything that can be collected was; needs --expose-gc. */
export function residentBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

/** Handles that keep the process alive: sockets, servers, timers, pipes. */
export function countResources(): number {
  return process.getActiveResourcesInfo().length;
}

/** Processor time that this process has used, milliseconds. */
export function busyMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
