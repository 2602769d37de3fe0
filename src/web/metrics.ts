/*
 * metrics: how many requests, how long, how many at a time; as Prometheus reads it.
 *
 * Strategy: counted by the route's pattern, never by the path, and by methods that are known: what a client makes up must
 * not become a time series. No dependency: the text format (version 0.0.4) is a page of code.
 */
import { wrongType } from "../core/arguments.ts";
import type { AnswerListener, AnswerRecord } from "./answerRecord.ts";
import type { Handler, Middleware } from "./handler.ts";
import { Histogram, labelled } from "./histogram.ts";
import { Reply } from "./reply.ts";

/** How it is counted. */
export interface MetricsOptions {
  /** What the names begin with. Default `http`. */
  readonly prefix?: string;
  /** Upper bounds of the histogram of durations, in milliseconds, rising. Default from 5 to 10,000. */
  readonly buckets?: readonly number[];
}

const BUCKETS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Counts exchanges. Three parts, each of use without the others: `listener` counts what is over, `middleware` what is
 * being handled, and `handler` shows both.
 *
 * @example
 * ```ts no-run
 * import { Application, Metrics } from "ambit/web";
 *
 * const app = new Application();
 * const metrics = new Metrics();
 * app.use(metrics.middleware);
 * app.onAnswer(metrics.listener);
 * app.get("/metrics", metrics.handler);
 * ```
 */
export class Metrics {
  readonly #prefix: string;
  readonly #durations: Histogram;
  readonly #requests = new Map<string, number>();
  readonly #bytes = new Map<string, number>();
  #inFlight = 0;

  /** @throws TypeError when `prefix` is no name of a metric, or `buckets` do not rise */
  constructor(options: MetricsOptions = {}) {
    const { prefix = "http", buckets = BUCKETS } = options;
    if (typeof prefix !== "string" || !/^[a-zA-Z_:][\w:]*$/.test(prefix))
      throw wrongType("options.prefix", "the beginning of a name of a metric", prefix);
    const rising = buckets.every((bound, at) => bound > (buckets[at - 1] ?? 0));
    if (!rising) throw wrongType("options.buckets", "milliseconds that rise from above 0", buckets);
    this.#prefix = prefix;
    this.#durations = new Histogram(
      `${prefix}_request_duration_seconds`,
      "How long requests took, to the end of the answer.",
      buckets.map((bound) => bound / 1000),
    );
  }

  /** Counts an exchange that is over: for `app.onAnswer`. */
  readonly listener: AnswerListener = (record) => {
    const { status, bytes, outcome, milliseconds } = record;
    const where = placeOf(record);
    add(this.#requests, labelled({ ...where, status: String(status), outcome }), 1);
    add(this.#bytes, labelled(where), bytes);
    this.#durations.observe(labelled(where), milliseconds / 1000);
  };

  /** Counts what is being handled at a time: for `app.use`. */
  readonly middleware: Middleware = async (_request, next) => {
    this.#inFlight++;
    try {
      return await next();
    } finally {
      this.#inFlight--;
    }
  };

  /** Answers with {@link Metrics.text}: for `app.get`. It is for your own eyes: keep it from the outside. */
  readonly handler: Handler = () =>
    new Reply(this.text(), { type: TYPE, headers: { "cache-control": "no-store" } });

  /** All of them, as Prometheus reads it. */
  text(): string {
    const prefix = this.#prefix;
    return [
      ...counter(`${prefix}_requests_total`, "Requests that are over.", this.#requests),
      ...counter(`${prefix}_response_body_bytes_total`, "Bytes of answers.", this.#bytes),
      ...this.#durations.lines(),
      `# HELP ${prefix}_requests_in_flight Requests that are being handled.`,
      `# TYPE ${prefix}_requests_in_flight gauge`,
      `${prefix}_requests_in_flight ${this.#inFlight}`,
      "",
    ].join("\n");
  }
}

function placeOf({ request }: AnswerRecord): { method: string; route: string } {
  const method = METHODS.has(request.method) ? request.method : "other";
  return { method, route: request.route?.path ?? "none" };
}

function add(counts: Map<string, number>, labels: string, by: number): void {
  counts.set(labels, (counts.get(labels) ?? 0) + by);
}

function counter(name: string, help: string, counts: ReadonlyMap<string, number>): string[] {
  const lines = [...counts].map(([labels, count]) => `${name}{${labels}} ${count}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`, ...lines];
}
