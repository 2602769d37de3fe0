/**
 * Signals: most tests send real ones to this process, in real time; they arrive within a turn or
 * two. What a signal does to a whole program is shown by programs in processes of their own.
 */
import { inspect } from "node:util";
import {
  addSignalHandler,
  ContextVar,
  createTask,
  type ExceptionContext,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  removeSignalHandler,
  run,
  signals,
  sleep,
  timeout,
} from "ambit";
import { DeadlockError, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";

const WINDOWS = process.platform === "win32";

function send(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
}

function listening(): number[] {
  return (["SIGHUP", "SIGUSR2", "SIGINT", "SIGTERM"] as const).map((name) =>
    process.listenerCount(name),
  );
}

/** Waits until the handlers of what was sent have run. */
async function arrived(signal: NodeJS.Signals): Promise<void> {
  await using probe = signals(signal);
  send(signal);
  await probe.next();
}

describe.skipIf(WINDOWS)("signals", () => {
  test("gives real signals in the order in which they come, and takes its handlers off", async () => {
    const before = listening();
    await run(async () => {
      const seen: string[] = [];
      const received = signals("SIGHUP", "SIGUSR2");
      send("SIGHUP");
      for await (const signal of received) {
        seen.push(signal);
        if (seen.length === 3) break;
        send("SIGUSR2");
      }
      expect(seen).toEqual(["SIGHUP", "SIGUSR2", "SIGUSR2"]);
    });
    expect(listening()).toEqual(before);
  });

  test("loses no signal between two steps, nor one whose step was cancelled", async () => {
    await run(async () => {
      await using received = signals("SIGHUP");
      const { cancelledCaught } = await moveOnAfter(1, () => received.next());
      expect(cancelledCaught).toBe(true);
      for (let n = 0; n < 3; n++) process.emit("SIGHUP", "SIGHUP");
      expect(inspect(received)).toBe("<SIGHUP 3 kept>");
      for (let n = 0; n < 3; n++) expect((await received.next()).value).toBe("SIGHUP");
      const { cancelledCaught: none } = await moveOnAfter(1, () => received.next());
      expect(none).toBe(true);
    });
  });

  test("a program that takes SIGINT and SIGTERM itself is not cancelled by them, and is again afterwards", async () => {
    const seen: string[] = [];
    const outcome = await run(async () => {
      const received = signals("SIGINT", "SIGTERM");
      send("SIGINT");
      send("SIGTERM");
      while (seen.length < 2) seen.push(String((await received.next()).value));
      await received.return();
      send("SIGTERM");
      return sleep(60_000, "not cancelled");
    }).catch((error: unknown) => error);
    expect(new Set(seen)).toEqual(new Set(["SIGINT", "SIGTERM"]));
    expect(isCancelled(outcome)).toBe(true);
    process.exitCode = 0;
  });

  test("a signal that was not looked at is sent again when the iteration is left", async () => {
    const outcome = await run(async () => {
      {
        await using _ = signals("SIGTERM");
        process.emit("SIGTERM", "SIGTERM");
        await sleep(1);
      }
      await sleep(60_000);
    }).catch((error: unknown) => error);
    expect(String(outcome)).toContain("stopped by SIGTERM");
    process.exitCode = 0;
  });

  test("a cancel of the task takes the handlers off", async () => {
    const before = listening();
    await run(async () => {
      const waiting = createTask(async () => {
        for await (const _ of signals("SIGHUP")) await sleep(1);
      });
      await sleep(1);
      expect(listening()).not.toEqual(before);
      waiting.cancel();
      await expect(waiting).rejects.toThrow("was cancelled");
    });
    expect(listening()).toEqual(before);
  });

  test("is no outside work: virtual time goes on, and a test sends the signal itself", async () => {
    const seen = await runVirtual(async () => {
      createTask(async () => {
        await sleep(3_600_000);
        process.emit("SIGHUP", "SIGHUP");
      });
      for await (const signal of signals("SIGHUP")) return [signal, getRunningLoop().time()];
      return [];
    });
    expect(seen).toEqual(["SIGHUP", 3_600_000]);
    const stuck = await runVirtual(() => signals("SIGHUP").next()).catch((error: unknown) => error);
    expect((stuck as DeadlockError).tree).toContain("signals(<SIGHUP 0 kept>)");
  });

  test("refuses names that are no signals, and those that cannot be handled", () => {
    const before = listening();
    expect(() => signals("SIGKILL")).toThrow(RangeError);
    expect(() => signals("SIGHUP", "SIGSTOP")).toThrow(RangeError);
    expect(() => signals("SIGNAL" as never)).toThrow(/a signal that can be handled here/);
    expect(() => signals(1 as never)).toThrow(TypeError);
    expect(() => (signals as () => unknown)()).toThrow(/at least one signal/);
    expect(listening()).toEqual(before);
  });
});

describe.skipIf(WINDOWS)("addSignalHandler", () => {
  test("calls back, once a signal, until it is removed (CPython: test_events EventLoopTestsMixin.test_signal_handling_while_selecting)", async () => {
    await run(async () => {
      const caught: string[] = [];
      addSignalHandler("SIGHUP", (signal) => caught.push(signal));
      await timeout(60_000, () => arrived("SIGHUP"));
      expect(caught).toEqual(["SIGHUP"]);
      expect(removeSignalHandler("SIGHUP")).toBe(true);
      expect(removeSignalHandler("SIGHUP")).toBe(false);
      await arrived("SIGHUP");
      expect(caught).toEqual(["SIGHUP"]);
    });
  });

  test("refuses what cannot be called, is no signal or cannot be handled; removing says whether there was one (CPython: test_events EventLoopTestsMixin.test_add_signal_handler)", () => {
    const handler = (): void => {};
    expect(() => addSignalHandler("SIGHUP", "no function" as never)).toThrow(TypeError);
    expect(() => addSignalHandler("SIGHUP-1" as never, handler)).toThrow(RangeError);
    expect(() => addSignalHandler("SIGKILL", handler)).toThrow(RangeError);
    expect(() => removeSignalHandler("SIGNAL" as never)).toThrow(RangeError);
    expect(removeSignalHandler("SIGHUP")).toBe(false);
    addSignalHandler("SIGHUP", handler);
    expect(process.listenerCount("SIGHUP")).toBe(1);
    expect(removeSignalHandler("SIGHUP")).toBe(true);
    expect(process.listenerCount("SIGHUP")).toBe(0);
  });

  test("another one takes its place", async () => {
    await run(async () => {
      const caught: string[] = [];
      addSignalHandler("SIGHUP", () => caught.push("first"));
      addSignalHandler("SIGHUP", () => caught.push("second"));
      await arrived("SIGHUP");
      expect(caught).toEqual(["second"]);
    });
  });

  test("runs in the scope and with the variables of who added it, async ones too", async () => {
    await run(async () => {
      const user = new ContextVar("user", { defaultValue: "nobody" });
      user.set("ada");
      const caught: string[] = [];
      addSignalHandler("SIGHUP", async () => {
        await sleep(1);
        caught.push(user.get());
      });
      await arrived("SIGHUP");
      await sleep(5);
      expect(caught).toEqual(["ada"]);
    });
  });

  test("what it throws goes to the exception handler", async () => {
    const told: ExceptionContext[] = [];
    const loop = getRunningLoop();
    loop.setExceptionHandler((context) => told.push(context));
    try {
      await run(async () => {
        addSignalHandler("SIGHUP", () => {
          throw new Error("no config");
        });
        await arrived("SIGHUP");
      });
    } finally {
      loop.setExceptionHandler(null);
    }
    expect(told).toMatchObject([{ message: "a listener of process 'SIGHUP' has failed" }]);
  });

  test("stands in for what run does on SIGTERM, and goes with the run", async () => {
    const before = listening();
    await run(async () => {
      const caught: string[] = [];
      addSignalHandler("SIGTERM", (signal) => caught.push(signal));
      addSignalHandler("SIGHUP", () => {});
      await arrived("SIGTERM");
      await arrived("SIGTERM");
      expect(caught).toEqual(["SIGTERM", "SIGTERM"]);
      // A nested run has handlers of its own.
      await run(async () => expect(removeSignalHandler("SIGTERM")).toBe(false));
    });
    expect(listening()).toEqual(before);
  });
});

describe.skipIf(WINDOWS)("in a process of its own", () => {
  test("a step that waits keeps the process alive, and the program may end by itself", async () => {
    const source = `
      import { run, signals } from "ambit";
      await run(async () => {
        console.log("waiting");
        for await (const signal of signals("SIGTERM", "SIGINT")) {
          console.log("got " + signal);
          break;
        }
      });
      console.log("clean");
    `;
    const ended = await runProgram(source, { on: { waiting: "SIGTERM" } });
    expect(ended).toEqual({
      code: 0,
      signal: null,
      out: "waiting\ngot SIGTERM\nclean\n",
      err: "",
    });
  });

  test("with nobody else to hear it, a signal that was not looked at does what it does by default", async () => {
    const source = `
      import { signals, sleep } from "ambit";
      const received = signals("SIGHUP");
      process.once("SIGUSR2", async () => {
        await received.return();
        await sleep(60_000);
      });
      process.kill(process.pid, "SIGHUP");
      await sleep(20);
      process.kill(process.pid, "SIGUSR2");
      await sleep(60_000);
    `;
    const ended = await runProgram(source);
    expect(ended).toMatchObject({ code: null, signal: "SIGHUP" });
  });
});
