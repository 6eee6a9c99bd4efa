/** Log lines as text for files and the clipboard. */
import { createLogIndex, type LogChunk, type LogLine } from "@/protocol/log-text";
import type { LogSource } from "@/protocol/logs";
import { plainText } from "./ansi";
import type { followLog, LogFeedState } from "./log-feed";
import type { LogStore } from "./log-store";
import type { RowView } from "./row-scan";

/** One line as `docker logs -t` prints it; `name` before it where there are several containers. As it was written. */
export const fileLine = (line: LogLine, name: string | null): string => `${line.time === "" ? "-" : line.time} ${name === null ? "" : `${name} `}${line.text}\n`;

/** The same for reading: without colours. */
export const copyLine = (line: LogLine, name: string | null): string => `${line.time === "" ? "" : `${line.time} `}${name === null ? "" : `${name} `}${plainText(line.text)}`;

/** The last lines that are shown, at most `count`, for the clipboard. */
export function lastLines(store: LogStore, view: RowView, count: number, nameOf: (source: string) => string | null): string {
  const lines: string[] = [];
  for (let at = view.count - 1; at >= 0 && lines.length < count; at--) {
    const row = store.row(view.index(at));
    if (row.line) lines.push(copyLine(row.line, nameOf(row.source)));
  }
  return lines.reverse().join("\n");
}

/** Lines put into one string at a time. */
const TOGETHER = 2_000;

/** The lines that are shown, as a file. Gaps are told in it. */
export function shownLines(store: LogStore, view: RowView, nameOf: (source: string) => string | null): Blob {
  const parts: string[] = [];
  let text = "";
  for (let at = 0; at < view.count; at++) {
    const { line, gap, source } = store.row(view.index(at));
    text += line ? fileLine(line, nameOf(source)) : `-- ${gap.bytes === null ? "" : `${gap.bytes} bytes `}missing: ${gap.why.replace(/[^\x20-\x7e]/g, " ").trim()} --\n`;
    if (at % TOGETHER === TOGETHER - 1) {
      parts.push(text);
      text = "";
    }
  }
  return new Blob([...parts, text], { type: "text/plain" });
}

/** Most bytes of one file that are kept by the browser before it is saved. */
export const MOST_FILE_BYTES = 4 * 1024 ** 3;

export interface WholeLog {
  hostId: string;
  id: string;
}
export interface SaveProgress {
  lines: number;
  bytes: number;
}
interface SaveDeps {
  follow: typeof followLog;
  ticket: () => Promise<{ ticket: string }>;
  onProgress: (progress: SaveProgress) => void;
  signal: AbortSignal;
}

/**
 * A container's whole log from its oldest line to the last one of now, as a file. Rejects with an Error that
 * says why where it cannot be read to its end, and with the signal's reason when that aborts.
 */
export function wholeLog({ hostId, id }: WholeLog, { follow, ticket, onProgress, signal }: SaveDeps): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const index = createLogIndex();
    const parts: Blob[] = [];
    const progress = { lines: 0, bytes: 0 };
    const take = (chunk: LogChunk) => {
      let text = "";
      for (let i = 0; i < chunk.lines; i++) text += fileLine(chunk.line(i), null);
      // A Blob is the browser's to keep, on the disk if it is large; strings would stay in this tab's memory.
      const part = new Blob([text]);
      parts.push(part);
      progress.lines += chunk.lines;
      progress.bytes += part.size;
      onProgress({ ...progress });
    };
    let isOver = false;
    const end = (settle: () => void) => {
      if (isOver) return;
      isOver = true;
      signal.removeEventListener("abort", abort);
      feed.stop();
      settle();
    };
    const abort = () => end(() => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted")));
    const feed = follow({
      hostId, id, start: { at: "oldest" }, follow: false, ticket,
      handlers: {
        onSource: (_source: LogSource) => undefined,
        onBatch: (bytes, form) => {
          take(index.push(bytes, form));
          if (progress.bytes > MOST_FILE_BYTES) end(() => reject(new Error("too_large")));
          // The page paints and hears a cancel between two batches.
          return new Promise((go) => setTimeout(go));
        },
        onGap: (gap) => {
          const rest = index.flush();
          if (rest) take(rest);
          parts.push(new Blob([`-- ${gap.bytes === null ? "" : `${gap.bytes} bytes `}missing: ${gap.why} --\n`]));
        },
        onState: (state: LogFeedState) => {
          if (state.state === "refused") end(() => reject(new Error(state.why ?? state.code)));
          if (state.state !== "ended") return;
          const rest = index.flush();
          if (rest) take(rest);
          end(() => resolve(new Blob(parts, { type: "text/plain" })));
        },
      },
    });
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
  });
}

/** Hands a file to the person. */
export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** web-1_2026-11-28T16-48-43.log */
export const fileName = (name: string, at: number): string => `${name.replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 80)}_${new Date(at).toISOString().slice(0, 19).replaceAll(":", "-")}.log`;
