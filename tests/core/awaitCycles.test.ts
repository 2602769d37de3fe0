/*
 * Tasks that await each other in a circle: found, named once, and freed by a cancel.
 */
import { array, assert, nat, property, tuple } from "fast-check";
import { createTask, Future, futureAddToAwaitedBy, sleep, type Task, taskGroup } from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";
import { cyclesAmong } from "../../src/core/awaitCycles.ts";

test("a child that awaits the task of its own group is freed by a cancel of either", async () => {
  for (const victim of ["parent", "child"]) {
    const log = await runVirtual(async () => {
      const tasks: Record<string, Task<unknown>> = {};
      const parent: Task<unknown> = createTask(
        () => taskGroup((group) => (tasks["child"] = group.spawn(async () => await parent))),
        { name: "parent" },
      );
      tasks["parent"] = parent;
      await sleep(1);
      tasks[victim]?.cancel();
      await sleep(1);
      return [parent.cancelled(), tasks["child"]?.cancelled()];
    });
    expect(log, victim).toEqual([true, true]);
  }
});

test("whatever awaits whatever: a circle is found where there is one, and each is one", () =>
  runVirtual(async () => {
    const edge = tuple(nat(7), nat(7));
    assert(
      property(array(edge, { maxLength: 20 }), (edges) => {
        const futures = Array.from({ length: 8 }, () => new Future<void>());
        const awaits = new Map(futures.map((future) => [future, new Set<Future<void>>()]));
        for (const [from, to] of edges) {
          const [waiter, awaited] = [futures[from] as Future<void>, futures[to] as Future<void>];
          futureAddToAwaitedBy(awaited, waiter);
          awaits.get(waiter)?.add(awaited);
        }
        const cycles = cyclesAmong(futures);
        for (const cycle of cycles) {
          expect(cycle.at(-1)).toBe(cycle[0]);
          expect(new Set(cycle).size).toBe(cycle.length - 1);
          for (const [index, future] of cycle.slice(0, -1).entries())
            expect(awaits.get(future as Future<void>)?.has(cycle[index + 1] as Future<void>)).toBe(
              true,
            );
        }
        expect(cycles.length > 0).toBe(hasCircle(awaits));
      }),
    );
  }));

/** Takes away, again and again, what awaits nothing: what is left goes round. */
function hasCircle<T>(awaits: ReadonlyMap<T, ReadonlySet<T>>): boolean {
  const left = new Set(awaits.keys());
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const each of left)
      if (![...(awaits.get(each) ?? [])].some((to) => left.has(to))) left.delete(each);
  }
  return left.size > 0;
}
