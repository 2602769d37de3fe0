/*
 * mapConcurrent against what must hold, with random items, limits, sources and consumers under random
 * schedules.
 */
import { mapConcurrent, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";

test("under any schedule each item gives one result, at most `limit` at a time", async () => {
  const program = fc.record({
    seed: fc.integer({ min: 0, max: 1_000_000 }),
    limit: fc.integer({ min: 1, max: 4 }),
    ordered: fc.boolean(),
    later: fc.boolean(),
    items: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 12 }),
    pauses: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(program, ({ seed, limit, ordered, later, items, pauses }) =>
      runVirtual(
        async () => {
          let read = 0;
          let running = 0;
          let taken = 0;
          function* source(): Generator<number> {
            for (const item of items) {
              read++;
              expect(read - taken).toBeLessThanOrEqual(limit + 1);
              yield item;
            }
          }
          async function* sourceLater(): AsyncGenerator<number> {
            for (const item of source()) {
              await sleep(item % 2);
              yield item;
            }
          }
          const work = async (ms: number, index: number): Promise<number> => {
            expect(++running).toBeLessThanOrEqual(limit);
            if (ms > 0) await sleep(ms);
            running--;
            return index;
          };
          const results: number[] = [];
          const from = later ? sourceLater() : source();
          for await (const index of mapConcurrent(from, work, { limit, ordered })) {
            taken++;
            results.push(index);
            await sleep(pauses[index % pauses.length] ?? 0);
          }
          const all = items.map((_, index) => index);
          expect(ordered ? results : results.toSorted((a, b) => a - b)).toEqual(all);
        },
        { seed },
      ),
    ),
    { numRuns: 200 },
  );
});
