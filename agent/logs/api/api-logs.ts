/** Logs over the engine's log API: what there is where the files cannot be read, and on every host reached over the network. */
import { LIMITS } from "@/protocol/limits";
import type { LogCursor, LogPage, LogSource } from "@/protocol/logs";
import type { Clock } from "../../clock";
import { AgentFailure } from "../../errors";
import type { Runtime } from "../../runtime/runtime";
import { readContainerLog, type ContainerLog } from "../container-log";
import type { LogAccess } from "../log-reader";
import { createApiReader, lastMoment } from "./api-reader";
import { placeOfTail, readPage } from "./api-page";
import { writePlace } from "./place";
import type { UnitForm } from "./units";

/** Docker before this repeats lines at a rotation while it is followed, and may leave some out. */
const SOUND_DOCKER = 25;
/** What is kept of what was told, to know such repeats by: several times the most that was seen. */
const WINDOW_BYTES = 1 << 20;

export function createApiLogs({ runtime, clock }: { runtime: Runtime; clock: Clock }): LogAccess {
  const formOf = ({ tty }: ContainerLog): UnitForm => (tty ? "stamped" : "multiplexed");
  /** Docker's files are what its API reads from, so at a rotation it may miss what a reader of the files would not. */
  function isUnsound(): boolean {
    const { engine, version } = runtime.status();
    const major = Number(version?.split(".")[0]);
    return engine === "docker" && !(major >= SOUND_DOCKER);
  }
  const trustsTail = () => runtime.status().engine === "docker";
  async function look(id: string): Promise<{ log: ContainerLog; form: UnitForm; source: LogSource }> {
    const log = readContainerLog(await runtime.inspect(id));
    return { log, form: formOf(log), source: { from: "api", driver: log.driver, tty: log.tty, mayMiss: isUnsound() && log.driver === "json-file", why: null } };
  }
  /** What the engine itself will not give: a driver that keeps nothing, a file that it cannot read. */
  async function refusing<T>(task: () => Promise<T>): Promise<T | { why: string }> {
    try {
      return await task();
    } catch (error) {
      if (error instanceof AgentFailure && error.code === "engine_error") return { why: error.message };
      throw error;
    }
  }
  return {
    open: (id, from, { follow, signal }) =>
      refusing(async () => {
        const { form, source } = await look(id);
        const start = from.at === "tail" && from.lines > 0 && !trustsTail() ? { at: "cursor" as const, cursor: writePlace(await placeOfTail({ runtime, clock, id, form, signal, source, trustsTail: false }, from.lines)) } : from;
        const options = { runtime, clock, id, form, source, start, follow, signal, windowBytes: isUnsound() ? WINDOW_BYTES : 0 };
        return createApiReader(options, await lastMoment(options));
      }),
    page: (id, before, lines, signal) =>
      refusing(async (): Promise<LogPage> => {
        const { form, source } = await look(id);
        return readPage({ runtime, clock, id, form, signal, source, trustsTail: trustsTail() }, before, Math.min(lines, LIMITS.logPageLines));
      }),
  };
}

/** Whether a cursor is one of this way of reading. */
export function isApiCursor(cursor: LogCursor): boolean {
  return cursor.startsWith("t:");
}
