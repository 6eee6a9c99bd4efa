/** All streams of bytes that a page can open. The counterpart of server/trpc/root.ts. */
import { FollowInput } from "@/server/domains/logs/schema";
import type { LogsService } from "@/server/domains/logs/service";
import { declaredStreams, stream, type StreamKind } from "./kinds";

export function createStreams({ logs }: { logs: Pick<LogsService, "follow"> }) {
  return declaredStreams({
    /** Messages of protocol/log-messages.ts, as the host sends them. */
    "logs.follow": stream("container.logs", FollowInput, (input, { signal }) => logs.follow(input, signal)),
  });
}

type Streams = ReturnType<typeof createStreams>;
export type StreamName = keyof Streams;
export type StreamInputs = { [Name in StreamName]: Streams[Name] extends StreamKind<infer Input> ? Input : never };
