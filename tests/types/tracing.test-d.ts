/**
 * The types of tracing: a span gives what its body gives, attributes are plain values. Checked by
 * tests/project/types.test.ts; never run.
 */
import {
  currentSpan,
  type FinishedSpan,
  MemoryReporter,
  openSpan,
  type Span,
  span,
  type SpanReporter,
  startSpan,
  startTracing,
  type Tracing,
  ZipkinReporter,
} from "ambit/tracing";
import { expectTypeOf, test } from "vitest";

test("a span gives what its body gives, and a promise of it where that is one", () => {
  expectTypeOf(() => span("a", () => 7)).returns.toEqualTypeOf<number>();
  expectTypeOf(() => span("a", async () => "x")).returns.toEqualTypeOf<Promise<string>>();
  expectTypeOf(() => span("a", (own) => own)).returns.toEqualTypeOf<Span>();
  // @ts-expect-error -- no function
  void span("a", 7);
});

test("spans can be disposed of, and attributes are texts, numbers, booleans, or lists of them", () => {
  expectTypeOf(openSpan("a")).toExtend<Disposable>();
  expectTypeOf(currentSpan).returns.toEqualTypeOf<Span | null>();
  expectTypeOf(
    startSpan("a", { kind: "client", attributes: { n: 1, s: "x", l: ["y"] } }),
  ).toEqualTypeOf<Span>();
  // @ts-expect-error -- one of five
  void startSpan("a", { kind: "customer" });
  // @ts-expect-error -- no value of an attribute
  void startSpan("a", { attributes: { o: { nested: true } } });
});

test("tracing takes any reporter, and can be disposed of", () => {
  const own: SpanReporter = {
    report: (finished) => expectTypeOf(finished).toEqualTypeOf<FinishedSpan>(),
  };
  expectTypeOf(() =>
    startTracing({
      serviceName: "a",
      reporters: [own, new MemoryReporter(), new ZipkinReporter()],
    }),
  ).returns.toEqualTypeOf<Tracing>();
  expectTypeOf<Tracing>().toExtend<AsyncDisposable>();
  expectTypeOf<MemoryReporter["spans"]>().toExtend<readonly FinishedSpan[]>();
  // @ts-expect-error -- the service has a name
  void startTracing({ reporters: [] });
  // @ts-expect-error -- "named", "all" or "none"
  void startTracing({ serviceName: "a", tasks: "some" });
});
