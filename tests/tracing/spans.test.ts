/**
 * Spans of the program's own, and of tasks, in virtual time.
 */
import {
  ContextVar,
  createTask,
  currentTask,
  getRunningLoop,
  InvalidStateError,
  sleep,
  taskGroup,
  timeout,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import {
  currentSpan,
  currentSpanContext,
  type FinishedSpan,
  MemoryReporter,
  openSpan,
  ratioSampler,
  span,
  type SpanReporter,
  startSpan,
  startTracing,
  withoutTracing,
} from "ambit/tracing";
import { describe, expect, test } from "vitest";
import { only, traced, treeOf } from "./traced.ts";

describe("span", () => {
  test("lasts until what its body returns is settled, by the loop's clock", async () => {
    const spans = await runVirtual(() =>
      traced(async () => {
        const value = await span("outer", async () => {
          await sleep(10);
          return span("inner", async () => {
            await sleep(5.25);
            return 42;
          });
        });
        expect(value).toBe(42);
      }),
    );
    expect(treeOf(spans)).toBe("outer (inner)");
    const [inner, outer] = spans;
    expect([inner?.duration, outer?.duration]).toEqual([5.25, 15.25]);
    expect((inner?.startTime ?? 0) - (outer?.startTime ?? 0)).toBeCloseTo(10, 3);
  });

  test("lasts as long as a task that its body returns", async () => {
    const spans = await runVirtual(() =>
      traced(async () => {
        const value = await span("a", () => createTask(() => sleep(7, 42)));
        expect(value).toBe(42);
      }),
    );
    expect(spans[0]?.duration).toBe(7);
  });

  test("of one task do not get into each other's way", async () => {
    const spans = await runVirtual(() =>
      traced(() =>
        span("all", () =>
          Promise.all(
            [3, 1, 2].map((ms) =>
              span(`side ${ms}`, async () => {
                await sleep(ms);
                await span(`below ${ms}`, () => sleep(1));
              }),
            ),
          ),
        ),
      ),
    );
    expect(treeOf(spans)).toBe("all (side 1 (below 1), side 2 (below 2), side 3 (below 3))");
  });

  test("passes an error on, and notes it", async () => {
    const spans = await traced(async () => {
      await expect(
        span("late", async () => {
          throw new RangeError("too far");
        }),
      ).rejects.toThrow("too far");
      expect(() =>
        span("soon", () => {
          // oxlint-disable-next-line typescript/only-throw-error -- so do some libraries
          throw "words";
        }),
      ).toThrow("words");
    });
    expect(
      spans.map(({ status, statusMessage, attributes, events }) => [
        status,
        statusMessage,
        attributes["error.type"],
        events[0]?.attributes["exception.message"],
      ]),
    ).toEqual([
      ["error", "too far", "RangeError", "too far"],
      ["error", "words", "string", "words"],
    ]);
  });

  test("that was cancelled is no error, and says why", async () => {
    const spans = await runVirtual(() =>
      traced(async () => {
        const task = createTask(() => span("long", () => sleep(60_000)));
        await sleep(5);
        task.cancel("enough");
        await expect(task).rejects.toThrow("enough");
        await expect(timeout(5, () => span("late", () => sleep(60_000)))).rejects.toThrow("5 ms");
      }),
    );
    expect(spans.map((each) => [each.name, each.status, each.attributes, each.duration])).toEqual([
      ["long", "unset", { "ambit.cancelled": true, "ambit.cancel.reason": "enough" }, 5],
      ["late", "unset", { "ambit.cancelled": true }, 5],
    ]);
  });

  test("leaves other context variables, and the task, as they would be without it", async () => {
    const user = new ContextVar("user", { defaultValue: "nobody" });
    await runVirtual(() =>
      traced(async () => {
        await createTask(async () => {
          const task = currentTask();
          await span("a", async () => {
            expect(currentTask()).toBe(task);
            user.set("ada");
            await sleep(1);
            const token = user.set("bob");
            user.reset(token);
            expect(await createTask(() => [user.get(), currentSpan()?.name])).toEqual(["ada", "a"]);
          });
          expect([user.get(), currentSpan()]).toEqual(["ada", null]);
        });
        expect(user.get()).toBe("nobody");
      }),
    );
  });

  test("wherever it is cancelled, it ends, and the current span is the one from before", async () => {
    const reporter = new MemoryReporter();
    const tracing = startTracing({ serviceName: "test", reporters: [reporter] });
    try {
      await cancelEverywhere(async () => {
        await span("outer", async () => {
          await sleep(1);
          using _ = openSpan("block");
          await span("inner", () => sleep(1));
          await sleep(1);
        }).finally(() => expect(currentSpan()).toBeNull());
      });
    } finally {
      await tracing.close();
    }
    expect(reporter.spans.length).toBeGreaterThan(5);
    expect(reporter.spans.every(({ duration }) => duration >= 0)).toBe(true);
  });

  test("without tracing only calls its body, with a span that keeps nothing", async () => {
    const value = await span("a", async (none) => {
      none.setAttribute("a", 1).addEvent("b").recordException(new Error("c")).updateName("d");
      expect([none.recording, currentSpan(), currentSpanContext(), none.attributes]).toEqual([
        false,
        null,
        null,
        {},
      ]);
      return 42;
    });
    expect(value).toBe(42);
    openSpan("b")[Symbol.dispose]();
  });
});

describe("openSpan", () => {
  test("is the current span for a block", async () => {
    const spans = await runVirtual(() =>
      traced(async () => {
        {
          using outer = openSpan("outer", { attributes: { a: 1 } });
          await sleep(2);
          {
            using _ = openSpan("inner");
            await sleep(3);
          }
          expect(currentSpan()).toBe(outer);
        }
        expect(currentSpan()).toBeNull();
      }),
    );
    expect(treeOf(spans)).toBe("outer (inner)");
    expect(spans.map(({ duration }) => duration)).toEqual([3, 5]);
  });
});

describe("a span", () => {
  test("keeps its last value of a name, 128 attributes and events, and counts the rest", async () => {
    const [told] = await traced(() => {
      const made = startSpan("a", { attributes: { n: 0, gone: undefined } });
      for (let at = 0; at < 200; at++) made.setAttribute("n", at).addEvent("e");
      for (let at = 0; at < 200; at++) made.setAttribute(`n${at}`, at);
      made.end();
    });
    expect(told?.attributes["n"]).toBe(199);
    expect([
      Object.keys(told?.attributes ?? {}).length,
      told?.events.length,
      told?.dropped,
    ]).toEqual([128, 128, 73 + 72]);
  });

  test("is not changed by what comes after its end", async () => {
    const spans = await runVirtual(() =>
      traced(async () => {
        const made = startSpan("a");
        await sleep(3);
        made.end();
        await sleep(3);
        made.setAttribute("late", 1).setStatus("error").addEvent("late").updateName("b").end();
      }),
    );
    expect(spans).toHaveLength(1);
    expect([spans[0]?.name, spans[0]?.duration, spans[0]?.attributes, spans[0]?.status]).toEqual([
      "a",
      3,
      {},
      "unset",
    ]);
  });

  test("that is well stays well", async () => {
    const [told] = await traced(() =>
      startSpan("a").setStatus("ok").setStatus("error", "no").end(),
    );
    expect([told?.status, told?.statusMessage]).toEqual(["ok", undefined]);
  });

  test("refuses what cannot be sent", async () => {
    await traced(() => {
      const made = startSpan("a");
      expect(() => made.setAttribute("a", {} as string)).toThrow("Expected `a` to be a string");
      expect(() => made.setAttributes({ b: [1, "2"] as string[] })).toThrow("`attributes.b`");
      expect(() => startSpan(7 as never)).toThrow("`name`");
      expect(() => startSpan("b", { kind: "other" as never })).toThrow("`options.kind`");
      expect(() => span("b", 1 as never)).toThrow("`body`");
    });
  });
});

describe("tasks", () => {
  test("that have a name are spans, below the one that is current where they are made", async () => {
    const spans = await runVirtual(() =>
      traced(async () => {
        await createTask(() => sleep(1), { name: "outside" });
        await span("work", () =>
          taskGroup(async (group) => {
            group.spawn(() => sleep(3), { name: "left" });
            group.spawn(() => createTask(() => sleep(1), { name: "deep" }));
            group.spawn(() => span("own", () => sleep(1)), { name: "right" });
          }),
        );
      }),
    );
    expect(treeOf(spans)).toBe("work (deep, left, right (own))");
    expect(only(spans, "left").duration).toBe(3);
  });

  test("may all be spans, or none", async () => {
    const body = (): Promise<void> =>
      span("work", async () => {
        await createTask(() => sleep(1), { name: "named" });
        await createTask(() => sleep(1));
      });
    const all = await runVirtual(() => traced(body, { tasks: "all" }));
    expect(treeOf(all)).toMatch(/^work \(named, Task-\d+\)$/);
    expect(treeOf(await runVirtual(() => traced(body, { tasks: "none" })))).toBe("work");
  });

  test("tell how they ended", async () => {
    const spans = await runVirtual(() =>
      traced(() =>
        span("work", async () => {
          const failing = createTask(
            async () => {
              throw new TypeError("bad");
            },
            { name: "failing" },
          );
          const cancelledTask = createTask(() => sleep(60_000), { name: "cancelled" });
          await sleep(1);
          cancelledTask.cancel();
          await Promise.allSettled([failing, cancelledTask]);
        }),
      ),
    );
    expect([
      only(spans, "failing").status,
      only(spans, "failing").attributes["error.type"],
    ]).toEqual(["error", "TypeError"]);
    const { status, attributes } = only(spans, "cancelled");
    expect([status, attributes["ambit.cancelled"]]).toEqual(["unset", true]);
  });
});

describe("sampling", () => {
  test("by a share takes about that many traces, whole", async () => {
    const spans = await traced(
      () => {
        for (let at = 0; at < 2000; at++) span("a", () => span("b", () => {}));
      },
      { sampling: 0.25 },
    );
    expect(spans.length).toBeGreaterThan(2 * 350);
    expect(spans.length).toBeLessThan(2 * 650);
    const ids = spans.map(({ context }) => context.traceId);
    expect(new Set(ids).size).toBe(ids.length / 2);
  });

  test("is decided by a function, which knows what is known; what it throws is a no, and told", async () => {
    const told: unknown[] = [];
    const spans = await traced(
      () => {
        const loop = getRunningLoop();
        const before = loop.getExceptionHandler();
        loop.setExceptionHandler(({ exception }) => void told.push(exception));
        startSpan("yes", { attributes: { wanted: true } }).end();
        startSpan("no", { attributes: { wanted: false } }).end();
        startSpan("throws").end();
        loop.setExceptionHandler(before);
      },
      {
        sampling: ({ name, attributes }) => {
          if (name === "throws") throw new Error("undecided");
          return attributes["wanted"] === true;
        },
      },
    );
    expect(spans.map(({ name }) => name)).toEqual(["yes"]);
    expect(told.map(String)).toEqual(["Error: undecided"]);
  });

  test("of a larger share takes all that a smaller one takes", () => {
    const [few, many] = [ratioSampler(0.1), ratioSampler(0.5)];
    for (let at = 0; at < 500; at++) {
      const traceId = `${"1".repeat(18)}${Math.floor((at / 500) * 16 ** 14)
        .toString(16)
        .padStart(14, "0")}`;
      const input = { name: "a", kind: "internal", parent: null, attributes: {}, traceId } as const;
      expect(many(input) || !few(input)).toBe(true);
    }
  });

  test("what is not sampled is not sampled below, and travels as that", async () => {
    const spans = await traced(
      () =>
        span("no", (no) => {
          expect([no.recording, currentSpanContext()?.sampled]).toEqual([false, false]);
          span("neither", () => {});
        }),
      { sampling: 0 },
    );
    expect(spans).toEqual([]);
  });

  test("a share that is none is refused", () => {
    expect(() => startTracing({ serviceName: "a", sampling: 1.5 })).toThrow("from 0 to 1");
    expect(() => startTracing({ serviceName: "a", sampling: "1" as never })).toThrow("sampling");
    expect(() => ratioSampler(Number.NaN)).toThrow("from 0 to 1");
  });
});

describe("startTracing", () => {
  test("is once at a time, and ends with the run", async () => {
    const reporter = new MemoryReporter();
    let closed = 0;
    const closing: SpanReporter = {
      report: () => {},
      close: async () => void closed++,
    };
    await runVirtual(async () => {
      const tracing = startTracing({ serviceName: "a", reporters: [reporter, closing] });
      expect(() => startTracing({ serviceName: "b" })).toThrow(InvalidStateError);
      span("in", () => {});
      // Cancelled by the end of the run, and still told of.
      createTask(() => span("left", () => sleep(60_000)));
      await sleep(1);
      expect(tracing.closed).toBe(false);
    });
    span("out", () => {});
    expect([closed, reporter.spans.map(({ name }) => name)]).toEqual([1, ["in", "left"]]);
  });

  test("refuses what makes no sense", () => {
    expect(() => startTracing({ serviceName: "" })).toThrow("`options.serviceName`");
    expect(() => startTracing({ serviceName: "a", reporters: [{} as never] })).toThrow("reporters");
    expect(() => startTracing({ serviceName: "a", tasks: "some" as never })).toThrow('"named"');
    expect(() => startTracing({ serviceName: "a", inject: ["x" as never] })).toThrow(
      "options.inject",
    );
    expect(() => startTracing({ serviceName: "a", propagateTo: 1 as never })).toThrow(
      "propagateTo",
    );
    expect(() => startTracing({ serviceName: "a", resource: { a: {} as never } })).toThrow(
      "`options.resource.a`",
    );
  });

  test("a reporter that throws is told of, and the program goes on", async () => {
    const told: string[] = [];
    const kept: FinishedSpan[] = [];
    await runVirtual(async () => {
      getRunningLoop().setExceptionHandler(({ message }) => void told.push(message));
      const bad: SpanReporter = {
        report: () => {
          throw new Error("no");
        },
        close: () => Promise.reject(new Error("nor that")),
      };
      const good: SpanReporter = { report: (each) => void kept.push(each) };
      const tracing = startTracing({ serviceName: "a", reporters: [bad, good] });
      expect(span("a", () => 42)).toBe(42);
      await tracing.close();
    });
    expect([kept.length, told]).toEqual([
      1,
      ["tracing failed", "a reporter of spans did not close"],
    ]);
  });
});

test("nothing is traced where it is not wanted", async () => {
  const spans = await traced(() =>
    span("on", () =>
      withoutTracing(async () => {
        expect([currentSpan(), currentSpanContext()]).toEqual([null, null]);
        await createTask(() => span("off", () => sleep(1)), { name: "off, too" });
      }),
    ),
  );
  expect(treeOf(spans)).toBe("on");
});
