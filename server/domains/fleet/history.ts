/** What is kept of the past: events, gaps and black boxes by target, and for how long. */
import { parseTarget } from "@/protocol/target";
import type { Clock } from "@/server/lib/clock";
import { AppError } from "@/server/lib/errors";
import { RECORD_KINDS, type FleetRepo, type RecordKind, type StoredBox, type StoredGap } from "./repo";
import type { BoxPage, BoxPlace, BoxSummary, BoxView, GapView, HistoryPage } from "./schema";

const HOUR_MS = 3_600_000;
/** How long each kind is kept after it came. Of measurements: what a window needs, and what a host that was away fills in. */
const KEEP_MS: Record<RecordKind, number> = { event: 30 * 24 * HOUR_MS, sample: 2 * HOUR_MS, box: 30 * 24 * HOUR_MS, gap: 30 * 24 * HOUR_MS };
/** How many are kept of one host. Protects the disk, and the other hosts' part of it, from one that never stops. */
const KEEP_OF_HOST: Record<RecordKind, number> = { event: 100_000, sample: 1_440, box: 2_000, gap: 2_000 };
/** How many events are kept in all, and how many black boxes of one target. */
const KEEP_EVENTS = 200_000;
const KEEP_BOXES_OF_TARGET = 100;
/** Rows removed in one statement. */
const SWEEP_BATCH = 2_000;
const HISTORY_PAGE = 100;
const BOX_PAGE = 50;
/** Gaps beside one page, and in one window. */
const GAPS = 100;

export interface HistoryDeps {
  repo: FleetRepo;
  clock: Clock;
  hostIds: () => string[];
  isKnown: (hostId: string) => boolean;
  /** Writes what waits to be stored, so that it is found. */
  flush: () => Promise<void>;
}

export function createHistory({ repo, clock, hostIds, isKnown, flush }: HistoryDeps) {
  /** AppErrors bad_input for a key that is none, not_found for a host that is none. */
  function hostOf(target: string): string {
    const parsed = parseTarget(target);
    if (parsed === null) throw new AppError("bad_input", "This is not the address of a container.");
    mustKnow(parsed.scope);
    return parsed.scope;
  }
  function mustKnow(hostId: string): void {
    if (!isKnown(hostId)) throw new AppError("not_found", "There is no such host. It may have been forgotten meanwhile.");
  }

  async function emptied(remove: () => Promise<number>): Promise<number> {
    for (let removed = 0; ; ) {
      const count = await remove();
      removed += count;
      if (count < SWEEP_BATCH) return removed;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return {
    /** What happened to a target, and the gaps of its host, newest first. AppErrors bad_input, not_found. */
    async history(target: string, before?: number): Promise<HistoryPage> {
      const hostId = hostOf(target);
      await flush();
      const { rows, next } = pageOf(await repo.history(target, before ?? null, HISTORY_PAGE + 1), HISTORY_PAGE);
      const gaps = await repo.gaps(hostId, next ?? 0, before ?? Infinity, GAPS);
      return { events: rows.map(({ event, late, box }) => ({ ...event, late, box: box && { hostId, ...box } })), gaps: gaps.map(toGapView), next };
    },
    /** The black boxes of a target and of its earlier generations, newest first. AppErrors bad_input, not_found. */
    async boxes(target: string, before?: number): Promise<BoxPage> {
      hostOf(target);
      await flush();
      const { rows, next } = pageOf(await repo.boxes(target, before ?? null, BOX_PAGE + 1), BOX_PAGE);
      return { boxes: rows.map(toSummary), next };
    },
    /** One black box, as far as `may` goes. AppError not_found. */
    async box({ hostId, epoch, seq }: BoxPlace, may: { lines: boolean; inspect: boolean }): Promise<BoxView> {
      mustKnow(hostId);
      await flush();
      const found = await repo.box(hostId, { epoch, seq });
      if (found === null) throw new AppError("not_found", "This black box is not kept any more.");
      const { stored, box } = found;
      return {
        ...toSummary(stored), key: stored.target, window: box.window,
        lines: may.lines ? box.lines : null, linesCut: may.lines ? box.linesCut : 0, linesWhy: may.lines ? box.linesWhy : null,
        inspect: may.inspect ? box.inspect : null, inspectWhy: may.inspect ? box.inspectWhy : null,
        withheld: { lines: !may.lines, inspect: !may.inspect },
      };
    },
    /** The gaps of a host that touch the time from `since` on, oldest first. */
    async gaps(hostId: string, since: number): Promise<GapView[]> {
      await flush();
      return (await repo.gaps(hostId, since, Infinity, GAPS)).map(toGapView).reverse();
    },
    /** A scheduled task: removes what is too old or too much. Returns how many rows. */
    async sweep(): Promise<number> {
      let removed = 0;
      for (const kind of RECORD_KINDS) {
        removed += await emptied(() => repo.sweepOld(kind, clock.now() - KEEP_MS[kind], SWEEP_BATCH));
        for (const hostId of hostIds()) removed += await emptied(() => repo.sweepMany(kind, hostId, KEEP_OF_HOST[kind], SWEEP_BATCH));
      }
      removed += await emptied(() => repo.sweepEvents(KEEP_EVENTS, SWEEP_BATCH));
      return removed + (await emptied(() => repo.sweepBoxes(KEEP_BOXES_OF_TARGET, SWEEP_BATCH)));
    },
  };
}

/** Ends a page between two moments, so that the next one can begin before the last one kept. One row more than the page was asked for. */
function pageOf<Row extends { at: number }>(rows: Row[], page: number): { rows: Row[]; next: number | null } {
  if (rows.length <= page) return { rows, next: null };
  const beyond = rows[page]?.at;
  const whole = rows.slice(0, page).filter((row) => row.at !== beyond);
  // A page full of one single moment cannot be cut: what does not fit of it is left out.
  const kept = whole.length > 0 ? whole : rows.slice(0, page);
  return { rows: kept, next: kept.at(-1)?.at ?? null };
}

const toGapView = ({ at, since, until, why }: StoredGap): GapView => ({ at, since, until, why });

function toSummary({ hostId, place, at, late, runtimeId, event }: StoredBox): BoxSummary {
  const told = event && { kind: event.kind, exitCode: event.exitCode, signal: event.signal, health: event.health, asked: event.asked, name: event.name, image: event.image };
  return { place: { hostId, ...place }, at, late, id: runtimeId, event: told };
}
