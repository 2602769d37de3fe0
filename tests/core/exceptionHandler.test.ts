/*
 * The exception handler: what it is told, what becomes of one that throws, and of reports that cannot be printed.
 */
import { inspect } from "node:util";
import { createTask, type ExceptionContext, getRunningLoop, type Loop, run, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** What went to standard error. */
let printed = "";
const write = process.stderr.write;

beforeEach(() => {
  printed = "";
  process.stderr.write = (text: string | Uint8Array) => (printed += String(text)) !== "";
});

afterEach(() => {
  process.stderr.write = write;
});

/** Runs a program whose loop gets a callback that throws. */
function withFailingCallback(prepare: (loop: Loop) => void): Promise<void> {
  return runVirtual(async () => {
    const loop = getRunningLoop();
    prepare(loop);
    loop.callSoon(function fails() {
      throw new RangeError("in the callback");
    });
    await sleep(1);
  });
}

describe("a callback that throws", () => {
  test("is told with its error and its handle (CPython: test_events HandleTests.test_callback_with_exception)", () =>
    runVirtual(
      async () => {
        const told: ExceptionContext[] = [];
        const loop = getRunningLoop();
        loop.setExceptionHandler((context) => told.push(context));
        const error = new RangeError("no");
        const handle = loop.callSoon(function fails() {
          throw error;
        });
        await sleep(1);
        expect(told).toHaveLength(1);
        expect(told[0]).toMatchObject({
          message: expect.stringMatching(
            /^callback fails at .*exceptionHandler.test.ts:\d+ threw$/,
          ),
          createdAt: expect.stringContaining("exceptionHandler.test.ts:"),
        });
        expect(told[0]?.exception).toBe(error);
        expect(told[0]?.handle).toBe(handle);
      },
      { debug: true },
    ));

  test("is printed when nobody has set a handler, of a timer too (CPython: test_base_events BaseEventLoopTests.test_default_exc_handler_callback)", async () => {
    await withFailingCallback((loop) => {
      expect(loop.getExceptionHandler()).toBeNull();
      loop.callLater(1, function failsLater() {
        throw new RangeError("in the timer");
      });
    });
    const [first, second] = printed.split(/^(?=ambit: )/m);
    expect(first).toMatch(/^ambit: callback fails .* threw\nRangeError: in the callback\n/);
    expect(second).toMatch(/^ambit: callback failsLater .* threw\nRangeError: in the timer\n/);
  });
});

describe("a handler", () => {
  test("takes the place of printing, until it is set back to null (CPython: test_base_events BaseEventLoopTests.test_set_exc_handler_custom)", async () => {
    const told: unknown[] = [];
    await withFailingCallback((loop) =>
      loop.setExceptionHandler(({ exception }) => told.push(exception)),
    );
    expect([told, printed]).toEqual([[new RangeError("in the callback")], ""]);
    await withFailingCallback((loop) => {
      const handler = (): void => {};
      loop.setExceptionHandler(handler);
      expect(loop.getExceptionHandler()).toBe(handler);
      loop.setExceptionHandler(null);
    });
    expect(printed).toContain("RangeError: in the callback");
  });

  test("may hand on to the default one", async () => {
    await withFailingCallback((loop) =>
      loop.setExceptionHandler((context) =>
        loop.defaultExceptionHandler({ ...context, details: "mine" }),
      ),
    );
    expect(printed).toContain("\nmine\n");
    expect(printed).toContain("RangeError: in the callback");
  });

  test("that throws is printed, after what it was told (CPython: test_base_events BaseEventLoopTests.test_set_exc_handler_broken)", async () => {
    await withFailingCallback((loop) =>
      loop.setExceptionHandler(() => {
        throw new Error("in the handler");
      }),
    );
    expect(printed.match(/Error: in [a-z ]+/g)).toEqual([
      "Error: in the callback",
      "Error: in the handler",
    ]);
  });

  test("that is async and fails is printed too, and ends nothing", async () => {
    await withFailingCallback((loop) =>
      // oxlint-disable-next-line typescript/no-misused-promises -- the case at hand: it may be, and its failure is told
      loop.setExceptionHandler(async () => {
        await sleep(0);
        throw new Error("in the handler");
      }),
    );
    expect(printed.match(/Error: in [a-z ]+/g)).toEqual([
      "Error: in the callback",
      "Error: in the handler",
    ]);
  });

  test("is no handler when it is no function (CPython: test_base_events BaseEventLoopTests.test_set_exc_handler_invalid)", () => {
    expect(() => getRunningLoop().setExceptionHandler("print" as never)).toThrow("`handler`");
  });
});

test("a default handler of the user's own that throws is told of in a line, and what it was to tell is not lost (CPython: test_base_events BaseEventLoopTests.test_default_exc_handler_broken)", async () => {
  const asked: ExceptionContext[] = [];
  const breakDefault = (loop: Loop): void => {
    loop.defaultExceptionHandler = (context) => {
      asked.push(context);
      throw new Error("spam");
    };
  };
  await withFailingCallback(breakDefault);
  expect(printed).toMatch(/^ambit: callback fails .* threw\n\(the rest/);
  await withFailingCallback((loop) => {
    breakDefault(loop);
    loop.setExceptionHandler(() => {
      throw new Error("ham");
    });
  });
  expect(printed).toContain("ambit: the exception handler threw\n");
  const [plain, original, ofHandler] = asked.map(({ exception }) => String(exception));
  expect([plain, original]).toEqual(Array(2).fill("RangeError: in the callback"));
  expect(ofHandler).toBe("Error: ham");
});

test("a report that cannot be printed is told by its message, and nothing is thrown", () =>
  runVirtual(async () => {
    const evil = Object.assign(new Error("evil"), {
      [inspect.custom](): never {
        throw new Error("cannot be printed");
      },
    });
    getRunningLoop().callExceptionHandler({ message: "something happened", exception: evil });
    expect(printed).toBe(
      "ambit: something happened\n(the rest of this report cannot be printed)\n",
    );
    getRunningLoop().setExceptionHandler(() => {
      throw evil;
    });
    getRunningLoop().callExceptionHandler({ message: "something else" });
    expect(printed).toContain("ambit: something else\n");
    expect(printed).toContain("ambit: the exception handler threw\n(the rest");
  }));

test("an error that leaves run is not told besides (CPython: test_base_events BaseEventLoopTests.test_run_forever_keyboard_interrupt)", async () => {
  const told: string[] = [];
  getRunningLoop().setExceptionHandler(({ message }) => told.push(message));
  const interrupted = new Error("interrupted");
  await expect(run(() => Promise.reject(interrupted))).rejects.toBe(interrupted);
  await expect(run(async () => await createTask(() => Promise.reject(interrupted)))).rejects.toBe(
    interrupted,
  );
  getRunningLoop().setExceptionHandler(null);
  expect([told, printed]).toEqual([[], ""]);
});

test("a run that failed leaves nothing that disturbs the next (CPython: test_base_events BaseEventLoopTests.test_run_until_complete_baseexception)", async () => {
  await expect(run(() => Promise.reject(new Error("interrupted")))).rejects.toThrow("interrupted");
  let called = false;
  await run(async () => {
    const loop = getRunningLoop();
    loop.callSoon(() => void loop.callSoon(() => (called = true)));
    await sleep(1);
  });
  expect(called).toBe(true);
});
