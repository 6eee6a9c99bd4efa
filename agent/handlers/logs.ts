import type { Clock } from "../clock";
import { compileHotCode } from "../compiler";
import { AgentFailure } from "../errors";
import type { Logs } from "../logs/logs";
import { pumpLog } from "../logs/pump";
import { searchLogs } from "../logs/search/search";
import type { Handlers } from "../tunnel/router";

/** Searches at once. Each keeps a processor busy. */
const SEARCHES = 4;

/** The noun "logs": what containers say. */
export function createLogHandlers({ logs, clock }: { logs: Logs; clock: Clock }): Pick<Handlers, "logs.follow" | "logs.page" | "logs.search"> {
  let searches = 0;
  return {
    async "logs.follow"({ id, start, follow }, { signal, stream }) {
      compileHotCode();
      const reader = await logs.open(id, start, { follow, signal });
      try {
        await pumpLog({ reader, stream, clock, signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        reader.close();
      }
    },
    "logs.page": ({ id, before, lines }, { signal }) => logs.page(id, before, lines, signal),
    async "logs.search"(input, { signal, stream }) {
      if (searches >= SEARCHES) throw new AgentFailure("busy", `${SEARCHES} searches are running on this host already. Wait for one to end.`);
      searches += 1;
      compileHotCode();
      try {
        await searchLogs(input, { logs, clock, signal, write: (frame) => stream.write(frame) });
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        searches -= 1;
      }
    },
  };
}
