/*
 * SpanReporter: where spans go when they have ended. And the simplest one, which keeps them.
 */
import type { Attributes } from "./attributes.ts";
import type { FinishedSpan } from "./finishedSpan.ts";

/** Who made the spans (OpenTelemetry's Resource). */
export interface Resource {
  readonly serviceName: string;
  readonly attributes: Attributes;
}

/** Takes spans that have ended. */
export interface SpanReporter {
  /** Called once, when tracing starts. */
  open?(resource: Resource): void;
  /** Takes a span. It is called in the middle of the program's work: it has to be quick, and should not throw. */
  report(span: FinishedSpan): void;
  /** Waits until all that was reported so far is sent, or given up. */
  flush?(): Promise<void>;
  /** Sends what is left, and ends. */
  close?(): Promise<void>;
}

/** Keeps spans, for tests: the first 10,000 of them, or as many as it is told. */
export class MemoryReporter implements SpanReporter {
  readonly #limit: number;
  readonly #spans: FinishedSpan[] = [];

  constructor(limit: number = 10_000) {
    this.#limit = limit;
  }

  /** Those that have ended, in the order in which they did. */
  get spans(): readonly FinishedSpan[] {
    return this.#spans;
  }

  report(span: FinishedSpan): void {
    if (this.#spans.length < this.#limit) this.#spans.push(span);
  }

  /** Forgets those that it has. */
  clear(): void {
    this.#spans.length = 0;
  }
}
