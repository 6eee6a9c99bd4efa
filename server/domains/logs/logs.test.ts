import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { InputOf } from "@/protocol/contract";
import type { LogSearchFrame } from "@/protocol/logs";
import type { ContainerView, HostView } from "@/server/domains/fleet/schema";
import type { HostLink } from "@/server/gateway/gateway";
import { AppError } from "@/server/lib/errors";
import type { SearchInput, SearchMessage } from "./schema";
import { createLogsService, type LogsDeps } from "./service";

type SearchAsk = InputOf<"logs.search">;
type Host = (ask: SearchAsk, signal: AbortSignal) => Readable | Promise<Readable>;

const query = { pattern: "x", ignoreCase: false, level: null, since: null, until: null };
const all = (hits = 100): SearchInput => ({ within: { what: "all" }, query, hits });
const hit = (id: string, text: string): LogSearchFrame => ({ frame: "hit", id, at: 1, stream: "stdout", level: null, text, cut: false, cursor: "f:1:1" });
const lines = (...frames: LogSearchFrame[]) => Readable.from([Buffer.from(frames.map((frame) => `${JSON.stringify(frame)}\n`).join(""))]);

/** Hosts with containers, each answering a search in its own way; null: away. */
function fleetOf(hosts: Record<string, { ids: string[]; search: Host | null; link?: HostView["link"] }>) {
  const asked: [string, SearchAsk][] = [];
  const view = (hostId: string, id: string) => ({ hostId, id, key: `${hostId}/ns/${id}` }) as ContainerView;
  const deps: LogsDeps = {
    fleet: {
      host: (id) => (hosts[id] ? ({ id, name: id, link: hosts[id].link ?? (hosts[id].search ? "up" : "down") } as HostView) : undefined),
      hosts: () => Object.keys(hosts).map((id) => ({ id }) as HostView),
      container: (hostId, id) => (hosts[hostId]?.ids.includes(id) ? view(hostId, id) : undefined),
      containers: (hostId) => (hosts[hostId]?.ids ?? []).map((id) => view(hostId, id)),
      away: (id) => new AppError("host_away", `"${id}" is not connected.`),
    },
    gateway: {
      link(hostId) {
        const search = hosts[hostId]?.search;
        if (!search) return undefined;
        return {
          async stream(verb: string, input: SearchAsk, { signal }: { signal: AbortSignal }) {
            if (verb !== "logs.search") return Readable.from([JSON.stringify({ verb, input })]);
            asked.push([hostId, input]);
            return search(input, signal);
          },
          call: async (verb: string, input: unknown) => ({ verb, input }),
        } as unknown as HostLink;
      },
    },
  };
  return { service: createLogsService(deps), asked };
}
async function read(messages: AsyncIterable<SearchMessage>): Promise<SearchMessage[]> {
  const read: SearchMessage[] = [];
  for await (const message of messages) read.push(message);
  return read;
}
const hitsOf = (messages: SearchMessage[]) => messages.flatMap((message) => (message.type === "hits" ? message.hits.map((one) => `${one.hostId} ${one.text}`) : []));
const skippedOf = (messages: SearchMessage[]) => messages.filter((message) => message.type === "skipped");

describe("the logs of the fleet", () => {
  it("are asked of the host that has the container, and of no other", async () => {
    const { service } = fleetOf({ h1: { ids: ["aaaaaaaaaaaa"], search: () => lines() }, h2: { ids: [], search: null }, h3: { ids: ["cccccccccccc"], search: null } });
    const signal = new AbortController().signal;
    const follow = { id: "aaaaaaaaaaaa", start: { at: "oldest" }, follow: true } as const;
    expect(String((await service.follow({ hostId: "h1", ...follow }, signal)).read())).toBe(JSON.stringify({ verb: "logs.follow", input: follow }));
    const page = { id: "aaaaaaaaaaaa", before: null, lines: 10 };
    expect(await service.page({ hostId: "h1", ...page })).toEqual({ verb: "logs.page", input: page });
    for (const [hostId, id, code] of [["h9", "aaaaaaaaaaaa", "not_found"], ["h1", "cccccccccccc", "not_found"], ["h3", "cccccccccccc", "host_away"], ["h2", "cccccccccccc", "host_away"]] as const) {
      await expect(service.follow({ hostId, ...follow, id }, signal), `${hostId} ${id}`).rejects.toMatchObject({ code });
    }
  });
});

describe("a search through the fleet", () => {
  it("merges what the hosts find, tells how far each is, and says what could not be searched", async () => {
    const { service, asked } = fleetOf({
      h1: { ids: ["a", "b"], search: () => lines(hit("a", "one"), { frame: "progress", containers: 1, of: 2, bytes: 10, ofBytes: 20 }, { frame: "skipped", id: "b", why: "no log" }, { frame: "done", hits: 1, more: false }) },
      h2: { ids: ["c"], search: () => lines(hit("c", "two"), { frame: "done", hits: 1, more: false }) },
      h3: { ids: ["d"], search: null },
      h4: { ids: ["e"], search: () => Promise.reject(new AppError("refused_by_host", "This agent reads no logs yet.")) },
      h5: { ids: ["f"], search: () => lines({ frame: "nonsense" } as unknown as LogSearchFrame) },
    });
    const messages = await read(service.search(all()));
    expect(messages[0]).toMatchObject({ type: "progress", hosts: [{ hostId: "h1", state: "waiting", of: 2 }, { hostId: "h2" }, { hostId: "h3" }, { hostId: "h4" }, { hostId: "h5" }] });
    expect(hitsOf(messages).sort()).toEqual(["h1 one", "h2 two"]);
    expect(skippedOf(messages)).toEqual(expect.arrayContaining([
      { type: "skipped", hostId: "h1", id: "b", code: null, why: "no log" },
      expect.objectContaining({ hostId: "h3", id: null, code: "host_away" }),
      expect.objectContaining({ hostId: "h4", id: null, code: "refused_by_host" }),
      expect.objectContaining({ hostId: "h5", id: null, code: "link_lost" }),
    ]));
    const last = new Map(messages.flatMap((message) => (message.type === "progress" ? message.hosts.map((one) => [one.hostId, one] as const) : [])));
    expect(last.get("h1")).toMatchObject({ state: "done", containers: 1, bytes: 10, ofBytes: 20, hits: 1 });
    expect([...last.values()].map(({ state }) => state)).toEqual(["done", "done", "failed", "failed", "failed"]);
    expect(messages.at(-1)).toEqual({ type: "done", hits: 2, more: false });
    expect(asked[0]).toEqual(["h1", { ids: ["a", "b"], query, hits: 100 }]);
  });

  it("looks through what was named and nothing else", async () => {
    const search: Host = () => lines({ frame: "done", hits: 0, more: false });
    const { service, asked } = fleetOf({ h1: { ids: ["a", "b"], search }, h2: { ids: ["c"], search } });
    await read(service.search({ ...all(), within: { what: "containers", keys: ["h1/ns/b", "h2/ns/gone"] } }));
    await read(service.search({ ...all(), within: { what: "hosts", hostIds: ["h2", "h2", "nowhere"] } }));
    expect(asked.map(([hostId, { ids }]) => [hostId, ids])).toEqual([["h1", ["b"]], ["h2", ["c"]]]);
    await expect(read(service.search({ ...all(), within: { what: "hosts", hostIds: ["nowhere"] } }))).rejects.toMatchObject({ code: "not_found" });
  });

  it("ends at its bound of hits, says that there may be more, and stops the hosts", async () => {
    const signals: AbortSignal[] = [];
    const endless: Host = (_, signal) => {
      signals.push(signal);
      async function* hits() {
        for (let i = 0; !signal.aborted; i++) {
          yield Buffer.from(`${JSON.stringify(hit("a", `n${i}`))}\n`);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      return Readable.from(hits());
    };
    const { service } = fleetOf({ h1: { ids: ["a"], search: endless }, h2: { ids: ["b"], search: endless } });
    const messages = await read(service.search(all(25)));
    expect(hitsOf(messages)).toHaveLength(25);
    expect(messages.at(-1)).toEqual({ type: "done", hits: 25, more: true });
    expect(signals.every((signal) => signal.aborted)).toBe(true);
  });

  it("says that there may be more where the last host had no turn", async () => {
    const one: Host = () => lines(hit("a", "one"), { frame: "done", hits: 1, more: false });
    const { service, asked } = fleetOf(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`h${i}`, { ids: ["a"], search: one }])));
    const messages = await read(service.search(all(20)));
    expect(hitsOf(messages)).toHaveLength(20);
    expect(messages.at(-1)).toEqual({ type: "done", hits: 20, more: true });
    expect(asked.length).toBeLessThan(40);
  });

  it("stops the hosts when nobody listens any more, and gives its place to the next", async () => {
    const signals: AbortSignal[] = [];
    const { service } = fleetOf({ h1: { ids: ["a"], search: (_, signal) => (signals.push(signal), new PassThrough()) } });
    for (let i = 0; i < 20; i++) {
      const abort = new AbortController();
      const search = service.search(all(), abort.signal);
      await search.next();
      await search.next();
      const rest = read(search);
      abort.abort();
      expect((await rest).filter(({ type }) => type === "done")).toEqual([]);
    }
    expect(signals).toHaveLength(20);
    expect(signals.every((signal) => signal.aborted)).toBe(true);
  });

  it("waits with its hosts for a page that reads nothing", async () => {
    let produced = 0;
    async function* hits() {
      for (let i = 0; i < 100_000; i++) {
        produced += 1;
        yield Buffer.from(`${JSON.stringify(hit("a", `n${i}`))}\n`);
      }
    }
    const { service } = fleetOf({ h1: { ids: ["a"], search: () => Readable.from(hits()) } });
    const search = service.search(all(1_000));
    for (let i = 0; i < 3; i++) await search.next();
    for (let i = 0; i < 500; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(produced).toBeLessThan(200);
    await search.return(undefined);
  });

  it("fails as a whole for a pattern that is none", async () => {
    const { service } = fleetOf({ h1: { ids: ["a"], search: () => Promise.reject(new AppError("bad_input", "This pattern has no end: (")) } });
    await expect(read(service.search(all()))).rejects.toMatchObject({ code: "bad_input", message: "This pattern has no end: (" });
  });

  it("is turned away while too many are under way", async () => {
    const { service } = fleetOf({ h1: { ids: ["a"], search: () => new PassThrough() } });
    const open = Array.from({ length: 8 }, () => service.search(all()));
    for (const search of open) await search.next();
    await expect(service.search(all()).next()).rejects.toMatchObject({ code: "rate_limited" });
    await open[0]?.return(undefined);
    await expect(service.search(all()).next()).resolves.toMatchObject({ done: false });
    for (const search of open) await search.return(undefined);
  });
});
