/** Reads the telemetry stream of one link, for as long as the link lasts. */
import { Frame, type Cursor } from "@/protocol/shapes";
import type { HostLink } from "@/server/gateway/gateway";
import { parseLine, readLink, type LinkReader, type LinkReaderDeps } from "@/server/live/link-reader";

export interface TelemetryDeps extends Pick<LinkReaderDeps, "clock" | "random" | "signal" | "onOpen" | "onEnd" | "onInvalid"> {
  link: HostLink;
  /** Where to go on, asked at each opening. */
  after: () => Cursor | null;
  /** One frame and its length. Throws FrameRefused for what no honest agent sends. Returns true when the host is known whole. */
  onFrame: (frame: Frame, chars: number) => boolean;
}

/** Begins reading at once, from `after()`, and stops when `signal` aborts. */
export function readTelemetry({ link, after, onFrame, ...rest }: TelemetryDeps): LinkReader {
  return readLink({
    ...rest,
    open: (signal) => link.stream("telemetry.stream", { after: after() }, { signal }),
    close: (why) => link.close(why),
    onLine: (line) => onFrame(parseFrame(line), line.length),
  });
}

/** Throws FrameRefused when the line is no frame of the contract. */
export function parseFrame(line: string): Frame {
  return parseLine(Frame, "a frame", line);
}
