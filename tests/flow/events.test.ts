/*
 * once, on and listen: events of EventEmitter and EventTarget. Virtual time, but for a foreign turn of the event loop where
 * a slow consumer is what is tested.
 */
import { EventEmitter } from "node:events";
import { inspect } from "node:util";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  allTasks,
  type CancelledError,
  ContextVar,
  createTask,
  currentTask,
  type ExceptionContext,
  getRunningLoop,
  listen,
  moveOnAfter,
  on,
  once,
  sleep,
  taskGroup,
} from "ambit";
import { cancelEverywhere, DeadlockError, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

/** How many listeners an emitter has, whatever their events. */
function listenersOf(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}

/** A target that counts its listeners. */
class CountedTarget extends EventTarget {
  listening = 0;

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.listening++;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.listening--;
    super.removeEventListener(...args);
  }
}

/** What the loop's exception handler is told while the body runs. */
async function told(body: () => Promise<unknown>): Promise<ExceptionContext[]> {
  const seen: ExceptionContext[] = [];
  await runVirtual(async () => {
    getRunningLoop().setExceptionHandler((context) => seen.push(context));
    await body();
  });
  return seen;
}

describe("once", () => {
  test("gives the arguments of the next event and listens no more", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      const waiting = createTask(() => once(emitter, "data"));
      await sleep(1);
      emitter.emit("data", 1, "two");
      emitter.emit("data", 3);
      expect(await waiting).toEqual([1, "two"]);
      expect(listenersOf(emitter)).toBe(0);
    }));

  test("gives the event of a target", () =>
    runVirtual(async () => {
      const target = new CountedTarget();
      const waiting = createTask(() => once(target, "open"));
      await sleep(1);
      const event = new Event("open");
      target.dispatchEvent(event);
      const [got] = await waiting;
      expect(got).toBe(event);
      expect(target.listening).toBe(0);
    }));

  test("an error event that comes first is thrown, and leaves no listener", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      const waiting = createTask(() => once(emitter, "data"));
      await sleep(1);
      const error = new Error("refused");
      emitter.emit("error", error);
      await expect(waiting).rejects.toBe(error);
      expect(listenersOf(emitter)).toBe(0);
    }));

  test("an error event of a target is thrown: its error, or one that has the event as cause", () =>
    runVirtual(async () => {
      const target = new CountedTarget();
      const bare = createTask(() => once(target, "open"));
      const withError = createTask(() => once(target, "open"));
      await sleep(1);
      const event = new Event("error");
      target.dispatchEvent(event);
      await expect(bare).rejects.toThrow("an 'error' event came while 'open' was waited for");
      await expect(withError).rejects.toHaveProperty("cause", event);
      const failing = createTask(() => once(target, "open"));
      await sleep(1);
      const error = new Error("no network");
      target.dispatchEvent(Object.assign(new Event("error"), { error }));
      await expect(failing).rejects.toBe(error);
      expect(target.listening).toBe(0);
    }));

  test("an error event that is waited for is no failure", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      const waiting = createTask(() => once(emitter, "error"));
      await sleep(1);
      const error = new Error("expected");
      emitter.emit("error", error);
      expect(await waiting).toEqual([error]);
      expect(listenersOf(emitter)).toBe(0);
    }));

  test("a cancelled wait leaves no listener, at whatever point it is cancelled", async () => {
    const emitters: EventEmitter[] = [];
    const points = await cancelEverywhere(async () => {
      const emitter = new EventEmitter();
      emitters.push(emitter);
      await taskGroup(async (group) => {
        group.spawn(() => once(emitter, "data"));
        await sleep(1);
        emitter.emit("data");
      });
    });
    expect(points).toBeGreaterThan(2);
    expect(emitters.map(listenersOf)).toEqual(emitters.map(() => 0));
  });

  test("an event beats a cancel that comes after it", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      const waiting = createTask(() => once(emitter, "data"));
      await sleep(1);
      emitter.emit("data", "kept");
      waiting.cancel();
      expect(await waiting).toEqual(["kept"]);
    }));

  test("an emitter that refuses a listener is left as it was", () => {
    class Picky extends EventEmitter {
      override on(name: string | symbol, listener: () => void): this {
        if (name === "data") throw new RangeError("no such event");
        return super.on(name, listener);
      }
    }
    return runVirtual(async () => {
      const picky = new Picky();
      await expect(once(picky, "data")).rejects.toThrow("no such event");
      expect(listenersOf(picky)).toBe(0);
    });
  });

  test("is no outside work: with nobody to emit, the program is stuck, and the report names the event", async () => {
    const stuck = runVirtual(async () => await once(new EventEmitter(), "never"));
    const error = await stuck.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DeadlockError);
    expect((error as DeadlockError).tree).toContain("once(EventEmitter 'never')");
  });

  test("refuses what cannot be listened to", () => {
    expect(() => once({} as never, "x")).toThrow(/Expected `emitter` to be an EventEmitter or/);
    expect(() => once(null as never, "x")).toThrow(TypeError);
    expect(() => once(new EventEmitter(), 3 as never)).toThrow(/Expected `name` to be the name/);
  });
});

describe("on", () => {
  test("misses nothing from the call on, in order, and ends at a closing event", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      const events = on(emitter, "n", { close: ["end", "close"] });
      for (let n = 1; n <= 3; n++) emitter.emit("n", n);
      const seen: unknown[] = [];
      createTask(async () => {
        await sleep(1);
        for (let n = 4; n <= 6; n++) emitter.emit("n", n);
        emitter.emit("end");
        emitter.emit("n", 7);
      });
      for await (const [n] of events) {
        seen.push(n);
        await sleep(2);
      }
      expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
      expect(listenersOf(emitter)).toBe(0);
      expect(await events.next()).toEqual({ done: true, value: undefined });
    }));

  test("several steps at once get the events in the order in which they asked", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      const events = on(emitter, "n", { close: ["end"] });
      const steps = [events.next(), events.next(), events.next()];
      emitter.emit("n", 1);
      emitter.emit("n", 2);
      emitter.emit("end");
      const values = (await Promise.all(steps)).map(({ value }) => value);
      expect(values).toEqual([[1], [2], undefined]);
    }));

  test("an error is thrown after the events before it, once, and ends the iteration", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      const events = on(emitter, "n");
      const error = new Error("broken");
      emitter.emit("n", 1);
      emitter.emit("error", error);
      expect(await events.next()).toEqual({ done: false, value: [1] });
      await expect(events.next()).rejects.toBe(error);
      expect(await events.next()).toEqual({ done: true, value: undefined });
      expect(listenersOf(emitter)).toBe(0);
      const waiting = on(emitter, "n");
      const steps = [waiting.next(), waiting.next()];
      emitter.emit("error", error);
      await expect(steps[0]).rejects.toBe(error);
      expect(await steps[1]).toEqual({ done: true, value: undefined });
    }));

  test("leaving the loop takes the listeners away, by break, by throw, by await using", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      const breaking = on(emitter, "n");
      emitter.emit("n");
      for await (const _ of breaking) break;
      expect(listenersOf(emitter)).toBe(0);
      const throwing = on(emitter, "n");
      emitter.emit("n");
      const failed = (async () => {
        for await (const _ of throwing) throw new RangeError("enough");
      })();
      await expect(failed).rejects.toThrow("enough");
      expect(listenersOf(emitter)).toBe(0);
      {
        await using unused = on(emitter, "n", { close: ["end"] });
        expect(listenersOf(emitter)).toBe(3);
        expect(inspect(unused)).toBe("<EventEmitter 'n' 0 kept>");
      }
      expect(listenersOf(emitter)).toBe(0);
    }));

  test("return ends a step that waits, and gives up what was kept", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      const events = on(emitter, "n");
      const step = events.next();
      await events.return();
      expect(await step).toEqual({ done: true, value: undefined });
      const kept = on(emitter, "n");
      emitter.emit("n", 1);
      await kept.return();
      expect(await kept.next()).toEqual({ done: true, value: undefined });
      expect(inspect(kept)).toBe("<EventEmitter 'n' closed>");
    }));

  test("a cancel of the task ends the listening, at a step that waits and at one that is refused", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      const iterate = async (): Promise<void> => {
        for await (const _ of on(emitter, "n")) await new Promise((resolve) => setTimeout(resolve));
      };
      const waiting = createTask(iterate);
      await sleep(1);
      waiting.cancel();
      await expect(waiting).rejects.toThrow("was cancelled");
      expect(listenersOf(emitter)).toBe(0);
      const busy = createTask(iterate);
      await sleep(1);
      emitter.emit("n");
      await sleep(0);
      busy.cancel();
      await expect(busy).rejects.toThrow("was cancelled");
      expect(listenersOf(emitter)).toBe(0);
    }));

  test("a step that is cancelled alone loses no event", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      await using events = on(emitter, "n");
      const { cancelledCaught } = await moveOnAfter(1, () => events.next());
      expect(cancelledCaught).toBe(true);
      emitter.emit("n", 1);
      expect(await events.next()).toEqual({ done: false, value: [1] });
    }));

  test("leaves no listener, at whatever point the iteration is cancelled", async () => {
    const emitters: EventEmitter[] = [];
    const points = await cancelEverywhere(async () => {
      const emitter = new EventEmitter();
      emitters.push(emitter);
      await taskGroup(async (group) => {
        group.spawn(async () => {
          for await (const _ of on(emitter, "n", { close: ["end"] })) await sleep(1);
        });
        for (let n = 0; n < 3; n++) {
          await sleep(1);
          emitter.emit("n", n);
        }
        emitter.emit("end");
      });
    });
    expect(points).toBeGreaterThan(6);
    expect(emitters.map(listenersOf)).toEqual(emitters.map(() => 0));
  });

  test("pauses an emitter at the high mark and resumes it at the low one", () =>
    runVirtual(async () => {
      const calls: string[] = [];
      class Source extends EventEmitter {
        pause(): void {
          calls.push("pause");
        }
        resume(): void {
          calls.push("resume");
        }
      }
      const source = new Source();
      const events = on(source, "n", { highWaterMark: 3, lowWaterMark: 1 });
      for (let n = 0; n < 4; n++) source.emit("n", n);
      expect(calls).toEqual(["pause"]);
      await events.next();
      await events.next();
      expect(calls).toEqual(["pause"]);
      await events.next();
      expect(calls).toEqual(["pause", "resume"]);
      source.emit("n");
      source.emit("n");
      expect(calls).toEqual(["pause", "resume", "pause"]);
      await events.return();
      expect(calls).toEqual(["pause", "resume", "pause"]);
    }));

  test("keeps thousands of events in order", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      await using events = on<[number]>(emitter, "n");
      const seen: number[] = [];
      for (let n = 0; n < 3000; n++) {
        emitter.emit("n", n);
        if (n % 3 === 2) seen.push((await events.next()).value?.[0] ?? -1);
      }
      while (seen.length < 3000) seen.push((await events.next()).value?.[0] ?? -1);
      expect(seen).toEqual(Array.from({ length: 3000 }, (_, n) => n));
    }));

  test("refuses wrong options and leaves no listener", () => {
    const emitter = new EventEmitter();
    expect(() => on(emitter, "n", { highWaterMark: 0 })).toThrow(/options.highWaterMark/);
    expect(() => on(emitter, "n", { highWaterMark: 2, lowWaterMark: 2 })).toThrow(/got 2 and 2/);
    expect(() => on(emitter, "n", { close: "end" as never })).toThrow(/options.close/);
    expect(() => on(emitter, "n", { close: [1 as never] })).toThrow(/options.close/);
    expect(listenersOf(emitter)).toBe(0);
  });
});

describe("listen", () => {
  test("calls back with the listener's context variables and stores, not the emitter's", () =>
    runVirtual(async () => {
      const user = new ContextVar("user", { defaultValue: "nobody" });
      const store = new AsyncLocalStorage<string>();
      const emitter = new EventEmitter();
      const heard: unknown[] = [];
      const listening = await store.run("listener", async () => {
        user.set("listener");
        return listen(emitter, "n", async (n) => {
          heard.push([n, user.get(), store.getStore()]);
          await sleep(1);
          heard.push([n, user.get(), store.getStore()]);
        });
      });
      await createTask(() =>
        store.run("emitter", async () => {
          user.set("emitter");
          emitter.emit("n", 1);
          expect(heard).toHaveLength(1);
        }),
      );
      await sleep(2);
      listening.close();
      emitter.emit("n", 2);
      expect(heard).toEqual([
        [1, "listener", "listener"],
        [1, "listener", "listener"],
      ]);
      expect(listenersOf(emitter)).toBe(0);
    }));

  test("an async callback outlives the emitter's task and ends with the listener's scope", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      const log: string[] = [];
      await taskGroup(async () => {
        listen(emitter, "n", async () => {
          try {
            log.push(`begun in ${currentTask()?.name}`);
            await sleep(60_000);
          } catch (error) {
            log.push((error as CancelledError).name);
            throw error;
          }
        });
        const emitting = createTask(async () => {
          emitter.emit("n");
          await sleep(60_000);
        });
        await sleep(1);
        emitting.cancel();
        await sleep(1);
        expect(log).toHaveLength(1);
      });
      await sleep(1);
      expect(log).toEqual(["begun in listener of EventEmitter 'n'", "CancelledError"]);
      emitter.emit("n");
      expect(log).toHaveLength(2);
      expect(listenersOf(emitter)).toBe(0);
    }));

  test("what a callback throws, now or later, goes to the exception handler and not to the emitter", async () => {
    const seen = await told(async () => {
      const emitter = new EventEmitter();
      using _ = listen(emitter, "n", () => {
        throw new Error("at once");
      });
      using later = listen(emitter, "n", async () => {
        await sleep(1);
        throw new Error("later");
      });
      const heard: string[] = [];
      using last = listen(emitter, "n", () => heard.push("last"));
      expect([inspect(later), inspect(last)]).toEqual(
        Array(2).fill("<listening to EventEmitter 'n'>"),
      );
      expect(emitter.emit("n")).toBe(true);
      expect(heard).toEqual(["last"]);
      await sleep(2);
    });
    expect(seen.map(({ message, exception }) => [message, (exception as Error).message])).toEqual([
      ["a listener of EventEmitter 'n' has failed", "at once"],
      ["a listener of EventEmitter 'n' has failed", "later"],
    ]);
  });

  test("hears targets, and using ends it", () =>
    runVirtual(async () => {
      const target = new CountedTarget();
      const heard: string[] = [];
      {
        using listening = listen(target, "tick", (event) => heard.push(event.type));
        expect(inspect(listening)).toBe("<listening to CountedTarget 'tick'>");
        target.dispatchEvent(new Event("tick"));
      }
      target.dispatchEvent(new Event("tick"));
      expect(heard).toEqual(["tick"]);
      expect(target.listening).toBe(0);
    }));

  test("leaves no tasks behind", () =>
    runVirtual(async () => {
      const emitter = new EventEmitter();
      using _ = listen(emitter, "n", () => {});
      for (let n = 0; n < 10; n++) emitter.emit("n");
      await sleep(1);
      expect(allTasks()).toHaveLength(1);
    }));

  test("refuses what is no function", () => {
    expect(() => listen(new EventEmitter(), "n", null as never)).toThrow(/Expected `callback`/);
  });
});
