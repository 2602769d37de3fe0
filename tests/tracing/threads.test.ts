/**
 * Spans of worker threads: real threads, real time. They run what was built.
 */
import { run, sleep } from "ambit";
import { toThread } from "ambit/futures";
import {
  currentSpan,
  type FinishedSpan,
  MemoryReporter,
  span,
  type SpanContext,
  startTracing,
} from "ambit/tracing";
import { expect, test } from "vitest";
import { double, fails, parentOfMine } from "./spanWorker.mjs";
import { only, treeOf, untilThere } from "./traced.ts";

/** Runs a body that is traced, until so many spans are there: those of threads come a little later. */
async function tracedUntil(
  count: number,
  body: (reporter: MemoryReporter) => Promise<unknown>,
): Promise<readonly FinishedSpan[]> {
  const reporter = new MemoryReporter();
  await run(async () => {
    await using _ = startTracing({ serviceName: "test", reporters: [reporter] });
    await body(reporter);
    await untilThere(reporter, count);
  });
  return reporter.spans;
}

test("a span in a thread is a child of its call's, and that of the one that was current where it was made", async () => {
  let parent: SpanContext | null = null;
  const spans = await tracedUntil(6, () =>
    span("work", async () => {
      expect(await toThread(double, 21)).toBe(42);
      parent = await toThread(parentOfMine);
      await span("more", async () => {
        expect(currentSpan()?.name).toBe("more");
      });
    }),
  );
  expect(treeOf(spans)).toBe("work (call double (double (below)), call parentOfMine, more)");
  expect(parent).toEqual({ ...only(spans, "call parentOfMine").context });
  expect(only(spans, "double").attributes).toEqual({ n: 21 });
  const { traceId } = only(spans, "work").context;
  expect(spans.every(({ context }) => context.traceId === traceId)).toBe(true);
});

test("what fails in a thread says so, and why", async () => {
  const spans = await tracedUntil(3, () =>
    span("work", () => expect(toThread(fails)).rejects.toThrow("too far")),
  );
  const { status, statusMessage, events } = only(spans, "fails");
  expect([status, statusMessage, events[0]?.attributes["exception.type"]]).toEqual([
    "error",
    "too far",
    "RangeError",
  ]);
});

test("without tracing, or outside of a trace, a thread makes none", async () => {
  expect(await run(() => toThread(double, 4))).toBe(8);
  const spans = await tracedUntil(1, async () => {
    expect(await toThread(double, 5)).toBe(10);
    span("last", () => {});
    await sleep(20);
  });
  expect(treeOf(spans)).toBe("last");
});
