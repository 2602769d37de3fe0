/**
 * Tracing for tests: one reporter that keeps, closed whatever happens.
 */
import { moveOnAfter, sleep } from "ambit";
import {
  type FinishedSpan,
  MemoryReporter,
  startTracing,
  type TracingOptions,
} from "ambit/tracing";

/** Runs a body that is traced, and gives the spans. */
export async function traced(
  body: (reporter: MemoryReporter) => unknown,
  options: Partial<TracingOptions> = {},
): Promise<readonly FinishedSpan[]> {
  const reporter = new MemoryReporter();
  const tracing = startTracing({ serviceName: "test", ...options, reporters: [reporter] });
  try {
    await body(reporter);
  } finally {
    await tracing.close();
  }
  return reporter.spans;
}

/** Waits until so many spans are there, and not for ever: those of workers come a little later. */
export async function untilThere(reporter: MemoryReporter, count: number): Promise<void> {
  await moveOnAfter(5000, async () => {
    while (reporter.spans.length < count) await sleep(1);
  });
}

/** The same, as a maker of spans of its own may have it. */
export function plain(told: FinishedSpan): FinishedSpan {
  const { name, kind, context, parentId, shared, startTime, duration } = told;
  const { status, statusMessage, attributes, events, links, dropped } = told;
  const rest = { status, statusMessage, attributes, events, links, dropped };
  return { name, kind, context, parentId, shared, startTime, duration, ...rest };
}

/** The one span of that name. */
export function only(spans: readonly FinishedSpan[], name: string): FinishedSpan {
  const found = spans.filter((span) => span.name === name);
  if (found[0] === undefined || found.length > 1)
    throw new Error(
      `${found.length} spans '${name}' of ${spans.map((span) => span.name).join(", ")}`,
    );
  return found[0];
}

/** The spans as a tree: each name with those of its children, in the order in which they began. */
export function treeOf(spans: readonly FinishedSpan[]): string {
  const byStart = [...spans].sort(
    (a, b) => a.startTime - b.startTime || a.name.localeCompare(b.name),
  );
  const ids = new Set(spans.map(({ context }) => context.spanId));
  const written = (span: FinishedSpan): string => {
    const children = byStart.filter(({ parentId }) => parentId === span.context.spanId);
    const label = span.kind === "internal" ? span.name : `${span.kind} ${span.name}`;
    return children.length === 0 ? label : `${label} (${children.map(written).join(", ")})`;
  };
  const roots = byStart.filter(({ parentId }) => parentId === null || !ids.has(parentId));
  return roots.map(written).join("; ");
}
