/*
 * BatchReporter: sends spans over HTTP, many at a time.
 *
 * Strategy: `report` puts a span into a bounded queue and returns; one task sends. It wakes when a batch is full, or a
 * while after the first span came. A batch that the server refuses at the moment, or does not take, is tried again, with
 * growing pauses; then it is given up, and counted. Nothing that happens here reaches the program: what is too much is
 * dropped and counted, and told to `onError` at most.
 * A batch is encoded as it is sent. What is left at the end is sent inside a shield, within a time of its own.
 * Its own requests are not traced. It keeps no process alive that has sent all it has.
 */
import { expectFunction, expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import { moveOnAfter } from "../core/cancelScope.ts";
import { spawnUnder } from "../core/createTask.ts";
import { InvalidStateError, isCancelled } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { protect } from "../core/shield.ts";
import { ambientScope } from "../core/scope.ts";
import { sleep } from "../core/sleep.ts";
import type { Task } from "../core/task.ts";
import type { HeadersInput } from "../http/headers.ts";
import { retryAfter } from "../http/retryAfter.ts";
import { ClientSession } from "../http/session.ts";
import { Event } from "../sync/event.ts";
import { contextWith, SUPPRESSED, withoutTracing } from "./currentSpan.ts";
import type { Resource, SpanReporter } from "./reporter.ts";
import type { FinishedSpan } from "./span.ts";

/** How spans are sent. All times are in milliseconds. */
export interface BatchReporterOptions {
  /** Where to; each reporter says what is usual. */
  readonly url?: string | URL;
  /** Sent with each batch, such as an API key. */
  readonly headers?: HeadersInput;
  /** How many spans may wait at most; what comes then is dropped. Default 4096. */
  readonly queueSize?: number;
  /** How many spans are sent at a time at most. Default 512. */
  readonly batchSize?: number;
  /** How long the first span of a batch waits for others. Default 1000. */
  readonly interval?: number;
  /** How long the server may take to answer. Default 10,000. */
  readonly timeout?: number;
  /** How often a batch is tried in all. Default 5. */
  readonly attempts?: number;
  /** The first pause between two of these; it doubles each time. Default 500. */
  readonly delay?: number;
  /** The longest of these pauses, a `Retry-After` included. Default 30,000. */
  readonly maxDelay?: number;
  /** How long the end of tracing waits for what is left. Default 5000. */
  readonly closeTimeout?: number;
  /** What sends; the caller closes it. Default: one of its own. */
  readonly session?: ClientSession;
  /** Told of each batch that could not be sent, whether it will be tried again or not. It is called in the reporter's task. */
  readonly onError?: (error: unknown) => void;
}

/** What a reporter has done so far, in spans. */
export interface ReporterStatistics {
  /** Handed to it. */
  readonly reported: number;
  /** Taken by the server. */
  readonly sent: number;
  /** Given up: too many at a time, refused by the server, or left at the end. */
  readonly dropped: number;
  /** Waiting, or on their way. */
  readonly queued: number;
  /** How often a batch was tried again. */
  readonly retries: number;
}

/** How a batch is encoded. @internal */
export type SpanEncoder = (spans: readonly FinishedSpan[], resource: Resource) => string;

/** Statuses after which the same may be sent again (OTLP's, and 408 and 500, which proxies send for a while). */
const AGAIN: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Thrown to `onError` for an answer that is none of 2xx. */
export class SpansRefusedError extends Error {
  override readonly name = "SpansRefusedError";
  /** The status of the answer. */
  readonly status: number;

  constructor(url: string, status: number, count: number) {
    super(`${url} answered ${status} to ${count} spans`);
    this.status = status;
  }
}

/** Sends spans over HTTP; see {@link ZipkinReporter} and {@link OtlpReporter}. */
export abstract class BatchReporter implements SpanReporter, AsyncDisposable {
  readonly #url: string;
  readonly #headers: Headers;
  readonly #queueSize: number;
  readonly #batchSize: number;
  readonly #interval: number;
  readonly #attempts: number;
  readonly #delay: number;
  readonly #maxDelay: number;
  readonly #timeout: number;
  readonly #closeTimeout: number;
  readonly #given: ClientSession | undefined;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #encode: SpanEncoder;
  #queue: FinishedSpan[] = [];
  /** How many of the queue are being sent, and may come back. */
  #flying = 0;
  #resource: Resource | null = null;
  #session: ClientSession | null = null;
  #task: Task<void> | null = null;
  #closed = false;
  #closing: Promise<void> | null = null;
  /** There is something; there is a whole batch, or no time to wait for one; something was sent or dropped. */
  readonly #some = new Event();
  readonly #hurry = new Event();
  readonly #settling = new Event();
  #reported = 0;
  #sent = 0;
  #dropped = 0;
  #retries = 0;

  /** @internal */
  constructor(options: BatchReporterOptions, usual: string, encode: SpanEncoder) {
    this.#url = urlOf(options.url, usual);
    this.#headers = new Headers(options.headers as ConstructorParameters<typeof Headers>[0]);
    this.#headers.set("content-type", "application/json");
    this.#queueSize = countOf("queueSize", options.queueSize ?? 4096);
    this.#batchSize = countOf("batchSize", options.batchSize ?? 512);
    this.#attempts = countOf("attempts", options.attempts ?? 5);
    this.#interval = timeOf("interval", options.interval ?? 1000);
    this.#delay = timeOf("delay", options.delay ?? 500);
    this.#maxDelay = timeOf("maxDelay", options.maxDelay ?? 30_000);
    this.#timeout = timeOf("timeout", options.timeout ?? 10_000);
    this.#closeTimeout = timeOf("closeTimeout", options.closeTimeout ?? 5000);
    if (options.onError !== undefined) expectFunction("options.onError", options.onError);
    this.#onError = options.onError;
    this.#given = options.session;
    this.#encode = encode;
  }

  /** What it has done so far. */
  statistics(): ReporterStatistics {
    const queued = this.#queue.length + this.#flying;
    return Object.freeze({
      reported: this.#reported,
      sent: this.#sent,
      dropped: this.#dropped,
      queued,
      retries: this.#retries,
    });
  }

  /**
   * Starts its task, in the run that calls.
   * @throws InvalidStateError when it was started already
   */
  open(resource: Resource): void {
    if (this.#task !== null)
      throw new InvalidStateError(`open of ${this[INSPECT]()}: it reports for somebody already`);
    this.#resource = resource;
    this.#session =
      this.#given ?? new ClientSession({ timeout: this.#timeout, retry: null, redirects: 0 });
    const { runner } = ambientScope();
    const how = { name: "spans reporter", context: contextWith(SUPPRESSED) };
    this.#task = spawnUnder(runner, () => this.#work(), how);
  }

  /** Takes a span; drops it when there are too many, or it has been closed. */
  report(span: FinishedSpan): void {
    this.#reported++;
    const { length } = this.#queue;
    if (this.#closed || length + this.#flying >= this.#queueSize) {
      this.#dropped++;
      return;
    }
    this.#queue.push(span);
    if (length === 0) this.#some.set();
    if (length + 1 >= this.#batchSize) this.#hurry.set();
  }

  /**
   * Waits until all that was reported so far is sent, or given up.
   *
   * **Cancellation:** the wait ends; it is sent all the same.
   */
  async flush(): Promise<void> {
    const target = this.#reported;
    while (this.#sent + this.#dropped < target && !this.#closed) {
      this.#hurry.set();
      this.#settling.clear();
      await this.#settling.wait();
    }
  }

  /**
   * Sends what is left, for as long as `closeTimeout` allows, and drops the rest. May be called again.
   *
   * **Cancellation:** it goes on to its end.
   */
  close(): Promise<void> {
    return (this.#closing ??= protect(() => this.#close()));
  }

  async #close(): Promise<void> {
    const task = this.#task;
    // What it is sending comes back to the queue.
    task?.cancel("tracing ends");
    await task?.then(undefined, () => {});
    await withoutTracing(() => moveOnAfter(this.#closeTimeout, () => this.#sendAll()));
    this.#drop(this.#queue.length);
    this.#queue = [];
    this.#closed = true;
    this.#settling.set();
    if (this.#given === undefined) await this.#session?.close();
  }

  /** Closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #work(): Promise<void> {
    for (;;) {
      this.#some.clear();
      if (this.#queue.length === 0) await this.#some.wait();
      if (this.#queue.length < this.#batchSize)
        await moveOnAfter(this.#interval, () => this.#hurry.wait());
      this.#hurry.clear();
      await this.#sendAll();
    }
  }

  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, this.#batchSize);
      this.#flying = batch.length;
      try {
        if (await this.#send(batch)) this.#sent += batch.length;
        else this.#drop(batch.length);
      } catch (error) {
        if (!isCancelled(error)) this.#drop(batch.length);
        else this.#queue = batch.concat(this.#queue);
        if (isCancelled(error)) throw error;
        this.#tell(error);
      } finally {
        this.#flying = 0;
        this.#settling.set();
      }
    }
  }

  /** Whether the server took it, in the end. */
  async #send(batch: readonly FinishedSpan[]): Promise<boolean> {
    const body = this.#encode(batch, this.#resource as Resource);
    for (let attempt = 1; ; attempt++) {
      const wait = await this.#try(body, batch.length);
      if (wait === "taken") return true;
      if (wait === "refused" || attempt >= this.#attempts) return false;
      this.#retries++;
      const pause = this.#delay * 2 ** (attempt - 1);
      await sleep(Math.min(this.#maxDelay, Math.max(pause, wait)));
    }
  }

  /** What became of one attempt; how long the server wants it to wait, when it may be tried again. */
  async #try(body: string, count: number): Promise<"taken" | "refused" | number> {
    try {
      const session = this.#session as ClientSession;
      const options = { body, headers: this.#headers, timeout: this.#timeout };
      const response = await session.post(this.#url, options);
      const { status } = response;
      const wait = retryAfter(response.headers, ambientScope().loop.wallTime()) ?? 0;
      response.discard();
      if (status >= 200 && status < 300) return "taken";
      this.#tell(new SpansRefusedError(this.#url, status, count));
      return AGAIN.has(status) ? wait : "refused";
    } catch (error) {
      if (isCancelled(error)) throw error;
      this.#tell(error);
      return this.#session?.closed === true ? "refused" : 0;
    }
  }

  #drop(count: number): void {
    this.#dropped += count;
  }

  #tell(error: unknown): void {
    try {
      this.#onError?.(error);
    } catch (exception) {
      const { loop } = ambientScope();
      loop.callExceptionHandler({ message: "onError of a reporter of spans threw", exception });
    }
  }

  /** @internal */
  [INSPECT](): string {
    const { sent, dropped, queued } = this.statistics();
    return `<${this.constructor.name} ${this.#url} sent=${sent} queued=${queued} dropped=${dropped}>`;
  }
}

function urlOf(input: string | URL | undefined, usual: string): string {
  let url: URL;
  try {
    url = new URL(input ?? usual);
  } catch (error) {
    throw new TypeError(`Expected \`options.url\` to be a URL, got \`${String(input)}\``, {
      cause: error,
    });
  }
  if (url.protocol === "http:" || url.protocol === "https:") return url.href;
  throw wrongType("options.url", "an http or https URL", input);
}

function countOf(name: string, value: number): number {
  expectInteger(`options.${name}`, value, 1);
  return value;
}

function timeOf(name: string, value: number): number {
  if (typeof value !== "number") throw wrongType(`options.${name}`, "milliseconds", value);
  if (value > 0) return value;
  throw outOfRange(`options.${name}`, "more than 0 milliseconds", value);
}
