/** Where the log of a container lies, from what the engine says of it. */
import type { LogSource } from "@/protocol/logs";
import { type Codec, jsonFile } from "./codec";
import { local } from "./local-codec";

/** The files of one container's log. */
export interface LogPlace {
  /** The engine's data directory, as the agent sees it, and the way from there. */
  root: string;
  parts: readonly string[];
  base: string;
  codec: Codec;
  source: LogSource;
  /** The engine keeps one file only, so that its replacements have to be counted. */
  single: boolean;
}

const field = (of: unknown, name: string): unknown => (typeof of === "object" && of !== null ? (of as Record<string, unknown>)[name] : undefined);
const text = (of: unknown): string => (typeof of === "string" ? of : "");

/**
 * The place, or why there is none, for a person. `dataRoot` is what the engine calls its directory; null:
 * where it is not known it is taken from the container's own paths. `hostRoot`: where the agent sees the
 * host's files; empty: they are its own.
 */
export function findPlace(document: Record<string, unknown>, { dataRoot, hostRoot }: { dataRoot: string | null; hostRoot: string }): LogPlace | { why: string } {
  const id = text(document.Id);
  const config = field(document.HostConfig, "LogConfig");
  const driver = text(field(config, "Type"));
  const options = field(config, "Config");
  if (!/^[a-f0-9]{64}$/.test(id)) return { why: "The engine does not say which container this is." };
  if (driver !== "json-file" && driver !== "local") return { why: driver === "none" || driver === "" ? "The engine keeps no log files of this container." : `The log driver "${driver.slice(0, 64)}" keeps no files that can be read.` };
  const own = containerDirectory(document, id);
  const root = dataRoot ?? own?.slice(0, -`/containers/${id}`.length);
  if (!root?.startsWith("/")) return { why: "The engine does not say where its files are." };
  const logPath = text(document.LogPath);
  if (driver === "json-file" && logPath !== `${root}/containers/${id}/${id}-json.log`) return { why: "The engine keeps this log in a place of its own." };
  return {
    root: hostRoot + root,
    parts: driver === "local" ? ["containers", id, "local-logs"] : ["containers", id],
    base: driver === "local" ? "container.log" : `${id}-json.log`,
    codec: driver === "local" ? local : jsonFile,
    source: { from: "files", driver, tty: field(document.Config, "Tty") === true, mayMiss: false, why: null },
    single: driver === "json-file" && text(field(options, "max-size")) !== "" && Number(text(field(options, "max-file")) || 1) < 2,
  };
}

/** The engine's directory of a container, by any of the paths in it that the engine tells. */
function containerDirectory(document: Record<string, unknown>, id: string): string | null {
  for (const name of ["LogPath", "HostnamePath", "ResolvConfPath", "HostsPath"]) {
    const path = text(document[name]);
    const directory = path.slice(0, path.lastIndexOf("/"));
    if (directory.endsWith(`/containers/${id}`)) return directory;
  }
  return null;
}
