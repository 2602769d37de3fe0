/*
 * Watch: one value, of which everybody sees the newest.
 */
import { inspect } from "node:util";
import {
  after,
  ClosedChannelError,
  createTask,
  EndOfChannel,
  Event,
  run,
  select,
  sleep,
  Watch,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { array, assert, asyncProperty, nat, record } from "fast-check";
import { describe, expect, test } from "vitest";

const collect = async <T>(items: AsyncIterable<T>, pause = 0): Promise<T[]> => {
  const seen: T[] = [];
  for await (const item of items) {
    seen.push(item);
    if (pause > 0) await sleep(pause);
  }
  return seen;
};

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("a watcher waits for a change, and gets the newest value", async () => {
    await start(async () => {
      const watch = new Watch("a");
      const watcher = watch.subscribe();
      const changed = createTask(() => watcher.changed());
      await sleep(0);
      watch.set("b");
      watch.set("c");
      expect(await changed).toBe("b");
      expect([watcher.value, watcher.hasChanged(), await watcher.changed()]).toEqual([
        "c",
        true,
        "c",
      ]);
      expect(watcher.hasChanged()).toBe(false);
    });
  });

  test("iterating gives the value of the moment, then the newest after each change", async () => {
    await start(async () => {
      const watch = new Watch(0);
      const seen = createTask(() => collect(watch));
      await sleep(0);
      for (const value of [1, 2]) {
        watch.set(value);
        await sleep(0);
      }
      watch.close();
      expect(await seen).toEqual([0, 1, 2]);
    });
  });
});

test("values that are replaced while a loop's body runs are left out", async () => {
  await runVirtual(async () => {
    const watch = new Watch(0);
    const slow = createTask(() => collect(watch, 10.3));
    for (let value = 1; value <= 25; value++) {
      await sleep(1);
      watch.set(value);
    }
    watch.close();
    expect(await slow).toEqual([0, 10, 20, 25]);
  });
});

test("every watcher sees a change, and one that does not wait costs nobody anything", async () => {
  await runVirtual(async () => {
    const watch = new Watch(0);
    const idle = watch.subscribe();
    const tasks = [1, 2, 3].map(() => createTask(() => watch.subscribe().changed()));
    await sleep(1);
    expect(watch.statistics()).toEqual({ changes: 0, waiting: 3, closed: false });
    watch.set(5);
    for (const task of tasks) expect(await task).toBe(5);
    expect([idle.hasChanged(), watch.statistics().waiting]).toEqual([true, 0]);
  });
});

test("an equal value is a change, too", async () => {
  await runVirtual(async () => {
    const watch = new Watch(1);
    const watcher = watch.subscribe();
    watch.set(1);
    expect([watcher.hasChanged(), watch.statistics().changes]).toEqual([true, 1]);
  });
});

describe("waitFor", () => {
  test("gives the value of the moment if it fits, or the first that does, even if it is replaced at once", async () => {
    await runVirtual(async () => {
      const watch = new Watch(1);
      expect(await watch.waitFor((value) => value === 1)).toBe(1);
      const even = createTask(() => watch.waitFor((value) => value % 2 === 0));
      await sleep(1);
      for (const value of [3, 4, 5]) watch.set(value);
      expect([await even, watch.value]).toEqual([4, 5]);
    });
  });

  test("through a watcher, counts as having seen the value", async () => {
    await runVirtual(async () => {
      const watch = new Watch(1);
      const watcher = watch.subscribe();
      watch.set(2);
      await watcher.waitFor((value) => value === 2);
      expect(watcher.hasChanged()).toBe(false);
      const later = createTask(() => watcher.waitFor((value) => value === 3));
      await sleep(1);
      watch.set(3);
      await later;
      expect(watcher.hasChanged()).toBe(false);
    });
  });

  test("fails with what its condition throws, and not who set the value", async () => {
    await runVirtual(async () => {
      const watch = new Watch(1);
      const failing = createTask(() =>
        watch.waitFor((value) => {
          if (value > 1) throw new Error("too large");
          return false;
        }),
      );
      const other = createTask(() => watch.waitFor((value) => value > 1));
      await sleep(1);
      watch.set(2);
      await expect(failing).rejects.toThrow("too large");
      expect(await other).toBe(2);
      await expect(watch.waitFor(5 as never)).rejects.toThrow("`condition`");
    });
  });
});

test("closed, there will be no other value: who waits is told, the last value stays", async () => {
  await runVirtual(async () => {
    const watch = new Watch("first");
    const watcher = watch.subscribe();
    const changed = createTask(() => watch.subscribe().changed());
    const never = createTask(() => watch.waitFor((value) => value === "never"));
    await sleep(1);
    watch.set("last");
    expect(await changed).toBe("last");
    watch.close();
    watch.close();
    await expect(never).rejects.toThrow(
      new EndOfChannel("Watch.waitFor on a watch that was closed: there will be no other value"),
    );
    expect([watch.value, await watcher.changed()]).toEqual(["last", "last"]);
    await expect(watcher.changed()).rejects.toThrow(EndOfChannel);
    await expect(watch.waitFor(() => false)).rejects.toThrow(EndOfChannel);
    expect(await watch.waitFor((value) => value === "last")).toBe("last");
    expect(await collect(watch)).toEqual(["last"]);
    expect(() => watch.set("too late")).toThrow(
      new ClosedChannelError("set on Watch { value: 'last', changes: 1, waiting: 0, closed }"),
    );
  });
});

test("a watcher can be a clause of select; when it loses, the change is still unseen", async () => {
  await runVirtual(async () => {
    const watch = new Watch(0);
    const watcher = watch.subscribe();
    const event = new Event();
    const selecting = createTask(() => select({ event, watcher }));
    await sleep(1);
    event.set();
    watch.set(1);
    expect((await selecting).name).toBe("event");
    expect(await select({ watcher, late: after(1) })).toEqual({ name: "watcher", value: 1 });
    expect((await select({ watcher, late: after(1) })).name).toBe("late");
  });
});

test("a deadlock report says that nobody has set it", async () => {
  const changed = runVirtual(() => new Watch(0).subscribe().changed());
  await expect(changed).rejects.toThrow("main waits for a Watcher that nobody has ever set");
  const waiting = runVirtual(() => new Watch(0).waitFor((value) => value > 0));
  await expect(waiting).rejects.toThrow("main waits for a Watch that nobody has ever set");
});

test("tells its state when printed", async () => {
  await runVirtual(async () => {
    const watch = new Watch({ deep: { er: 1 } });
    expect(inspect(watch)).toBe("Watch { value: { deep: [Object] }, changes: 0, waiting: 0 }");
    const watcher = watch.subscribe();
    watch.set({ deep: { er: 2 } });
    expect(inspect(watcher)).toBe("Watcher { changed: true }");
    {
      using _ = watch;
    }
    expect(inspect(watcher)).toBe("Watcher { changed: true, closed }");
    expect(Object.isFrozen(watch.statistics())).toBe(true);
  });
});

test("cancelled at any await point, nothing waits any more and no change is lost", async () => {
  const points = await cancelEverywhere(
    async () => {
      const watch = new Watch(0);
      const watcher = watch.subscribe();
      createTask(async () => {
        await sleep(1);
        watch.set(1);
        await sleep(1);
        watch.set(2);
      });
      let last = 0;
      try {
        last = await watcher.changed();
        last = await watcher.waitFor((value) => value === 2);
      } finally {
        expect(watch.statistics().waiting).toBe(0);
        expect(watcher.hasChanged()).toBe(watch.value !== last);
      }
    },
    { only: (task) => task.name === "main" },
  );
  expect(points).toBe(2);
});

test("each watcher sees values in order, none twice, and the last one in the end, under every schedule", async () => {
  const reader = record({ comes: nat(10), pause: nat(4) });
  await assert(
    asyncProperty(
      array(nat(2), { maxLength: 20 }),
      array(reader, { minLength: 1, maxLength: 4 }),
      nat(),
      async (pauses, readers, seed) => {
        await runVirtual(
          async () => {
            const watch = new Watch(-1);
            const tasks = readers.map(({ comes, pause }) =>
              createTask(async () => {
                await sleep(comes);
                return collect(watch, pause);
              }),
            );
            for (const [value, pause] of pauses.entries()) {
              await sleep(pause);
              watch.set(value);
            }
            watch.close();
            for (const task of tasks) {
              const seen = await task;
              expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
              expect(seen.at(-1)).toBe(pauses.length - 1);
            }
            expect(watch.statistics().waiting).toBe(0);
          },
          { seed },
        );
      },
    ),
    { seed: 20_261_124, numRuns: 150 },
  );
});
