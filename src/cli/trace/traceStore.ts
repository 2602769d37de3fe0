/*
 * TraceStore: the newest traces, in memory.
 *
 * Strategy: a trace goes to the end when a span of it comes, and the one that has been silent longest is forgotten when
 * there are too many. A trace keeps so many spans at most, and counts the rest. A span that comes twice (a batch that was
 * sent again) is kept once.
 */
import type { ViewSpan } from "./viewSpan.ts";

/** A trace in a list. Times are microseconds. */
export interface TraceSummary {
  readonly traceId: string;
  /** Of its first span. */
  readonly name: string;
  readonly services: readonly string[];
  readonly start: number;
  readonly duration: number;
  readonly spans: number;
  readonly errors: number;
}

/** A whole trace; its spans in the order in which they began. */
export interface WholeTrace extends TraceSummary {
  readonly list: readonly ViewSpan[];
  /** How many spans were too many. */
  readonly dropped: number;
}

/** How many spans of a trace are kept. */
const MOST_SPANS = 5000;

interface Kept {
  readonly spans: Map<string, ViewSpan>;
  dropped: number;
}

export class TraceStore {
  readonly #limit: number;
  readonly #traces = new Map<string, Kept>();
  /** Grows with every change: a page asks whether there is anything new. */
  version = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(spans: readonly ViewSpan[]): void {
    if (spans.length > 0) this.version++;
    for (const span of spans) {
      const trace = this.#traces.get(span.traceId) ?? {
        spans: new Map<string, ViewSpan>(),
        dropped: 0,
      };
      this.#traces.delete(span.traceId);
      this.#traces.set(span.traceId, trace);
      // A shared span has the id of its caller's.
      const key = `${span.id} ${span.kind}`;
      if (trace.spans.size >= MOST_SPANS && !trace.spans.has(key)) trace.dropped++;
      else trace.spans.set(key, span);
      const oldest = this.#traces.keys().next();
      if (this.#traces.size > this.#limit && !oldest.done) this.#traces.delete(oldest.value);
    }
  }

  clear(): void {
    this.version++;
    this.#traces.clear();
  }

  /** The newest first. */
  list(): TraceSummary[] {
    return [...this.#traces].reverse().map(([traceId, trace]) => summaryOf(traceId, trace));
  }

  get(traceId: string): WholeTrace | null {
    const trace = this.#traces.get(traceId.toLowerCase().padStart(32, "0"));
    if (trace === undefined) return null;
    const list = [...trace.spans.values()].sort((a, b) => a.start - b.start);
    return { ...summaryOf(traceId, trace), list, dropped: trace.dropped };
  }
}

function summaryOf(traceId: string, { spans }: Kept): TraceSummary {
  let first: ViewSpan | null = null;
  let end = 0;
  let errors = 0;
  const services = new Set<string>();
  for (const span of spans.values()) {
    if (first === null || span.start < first.start) first = span;
    end = Math.max(end, span.start + span.duration);
    if (span.error) errors++;
    services.add(span.service);
  }
  const root = [...spans.values()].find(({ parentId }) => parentId === null) ?? first;
  const start = first?.start ?? 0;
  const { size } = spans;
  const name = root?.name ?? "";
  return {
    traceId,
    name,
    services: [...services],
    start,
    duration: end - start,
    spans: size,
    errors,
  };
}
