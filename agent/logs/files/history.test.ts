import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect, engineWith, open, range, upTo } from "./testing-reader";

describe("any history of writing, rotating, reading and beginning again", () => {
  const history = fc.array(fc.oneof(
    fc.record({ write: fc.integer({ min: 1, max: 120 }) }),
    fc.constant("read" as const),
    fc.constant("begin again" as const),
  ), { minLength: 3, maxLength: 14 });
  const options = fc.record({ maxFile: fc.integer({ min: 1, max: 4 }), compress: fc.boolean(), single: fc.constantFrom("rename" as const, "unlink" as const), driver: fc.constantFrom("json-file" as const, "local" as const) });

  it("gives every line once and in order, or says a gap where lines are missing, and only there", async () => {
    await fc.assert(
      fc.asyncProperty(options, history, async (how, steps) => {
        const { engine, logs } = engineWith({ ...how, maxSize: 1_500 });
        // As many files as are kept at once; that many rotations can nobody survive unread.
        const kept = how.maxFile > 1 ? how.maxFile : how.single === "rename" ? 2 : 1;
        let reader = await open(logs);
        let cursor: string | null = null;
        let told = 0;
        let rotationsAtRead = 0;
        const read = async () => {
          if (told === engine.written()) return;
          const { said, cursor: reached } = await collect(reader, upTo(engine.written() - 1));
          cursor = reached ?? cursor;
          let gap = false;
          for (const one of said) {
            if (one === "gap") gap = true;
            else {
              if (gap ? one < told : one !== told) throw new Error(`line ${one} came where ${told} was due`);
              told = one + 1;
              gap = false;
            }
          }
          if (said.includes("gap") && engine.rotations() - rotationsAtRead < kept) throw new Error("a gap where nothing is missing");
          rotationsAtRead = engine.rotations();
        };
        for (const step of steps) {
          if (step === "read") await read();
          else if (step === "begin again") {
            reader.close();
            reader = await open(logs, cursor === null ? { at: "oldest" } : { at: "cursor", cursor });
            if (cursor === null && told === 0 && engine.rotations() >= kept) told = -1; // it began behind what was gone already
            if (told === -1) {
              const { said, cursor: reached } = await collect(reader, upTo(engine.written() - 1));
              told = engine.written();
              cursor = reached;
              rotationsAtRead = engine.rotations();
              expect(said).toEqual(range(said[0] as number, told));
            }
          } else engine.lines(step.write);
        }
        engine.lines(1);
        await read();
        expect(told).toBe(engine.written());
        reader.close();
        engine.end();
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});
