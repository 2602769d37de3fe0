/*
 * eventStream: server-sent events, as a browser's EventSource reads them (HTML standard, section 9.2).
 *
 * Strategy: the head goes out at once, so that the page knows that it is connected; then an event at a time, the next one
 * asked for when the client has taken the one before. A client that leaves cancels the request's task, and with it what
 * the source waits in, so that a generator's `finally` runs then and not at its next event. A server that stops sends the
 * hint when to come back and ends the stream, before it cancels the source.
 */
import { expectInteger, expectMilliseconds, wrongType } from "../core/arguments.ts";
import { CancelScope } from "../core/cancelScope.ts";
import { ambientScope, getRunningLoop } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { EventStreamPulse, type QuietStream } from "./eventStreamPulse.ts";
import type { Exchange } from "./exchange.ts";
import { type LongReply, longRepliesUnder } from "./longReplies.ts";
import { Reply, type ReplyInit } from "./reply.ts";
import { ReplyBody } from "./replyBody.ts";
import { encodeEvent, retryLine, type ServerSentEvent } from "./serverSentEvent.ts";

/** Where events come from. Text is an event's data. */
export type EventSourceItems = AsyncIterable<ServerSentEvent | string>;

/** How a stream of events is sent. */
export interface EventStreamOptions extends ReplyInit {
  /** After so many milliseconds without an event a remark is sent; Infinity for never. Default 15,000. */
  readonly keepAlive?: number;
  /** How long a browser that lost the connection waits before it comes again, in milliseconds. Default: the browser's. */
  readonly retry?: number;
  /**
   * The same for those whose stream ends because the server stops, in milliseconds: time for the next one to start.
   * Default: `retry`.
   */
  readonly retryOnStop?: number;
}

/**
 * An answer that is a stream of events.
 *
 * A browser whose stream has ended comes again, with the id of the last event that it got; to send it away, answer
 * `empty()`. What the source throws breaks the connection off.
 *
 * **Cancellation:** the source's wait ends when the client leaves, and its `finally` runs; when the server stops, too.
 *
 * @param source gives the events: an async iterable, or a function of the `Last-Event-ID` (null for who comes first) that
 *   gives one. What the function throws is answered with an error page.
 *
 * @example
 * ```ts no-run
 * import { sleep } from "ambit";
 * import { Application, eventStream } from "ambit/web";
 *
 * const app = new Application();
 * app.get("/clock", () =>
 *   eventStream(async function* (lastId) {
 *     for (let id = Number(lastId ?? 0) + 1; ; id++, await sleep(1000))
 *       yield { id: String(id), event: "tick", data: { at: new Date() } };
 *   }),
 * );
 * ```
 */
export function eventStream(
  source: EventSourceItems | ((lastEventId: string | null) => EventSourceItems),
  options: EventStreamOptions = {},
): Reply {
  if (typeof source !== "function") expectIterable(source);
  const { keepAlive = 15_000, retry, retryOnStop = retry, ...init } = options;
  expectMilliseconds("options.keepAlive", keepAlive);
  for (const [name, value] of Object.entries({ retry, retryOnStop }))
    if (value !== undefined) expectInteger(`options.${name}`, value, 0);
  const body = new EventStreamBody(source, keepAlive, retry ?? null, retryOnStop ?? null);
  const reply = new Reply(body, { type: "text/event-stream", ...init });
  const { headers } = reply;
  if (!headers.has("cache-control")) headers.set("cache-control", "no-cache");
  // nginx would hold events back until its buffer is full.
  if (!headers.has("x-accel-buffering")) headers.set("x-accel-buffering", "no");
  return reply;
}

function expectIterable(source: unknown): void {
  if (typeof source === "object" && source !== null && Symbol.asyncIterator in source) return;
  throw wrongType("source", "an async iterable of events, or a function that gives one", source);
}

type Source = EventSourceItems | ((lastEventId: string | null) => EventSourceItems);

class EventStreamBody extends ReplyBody implements LongReply, QuietStream {
  readonly kind = "eventStream";
  quietBeats = 0;
  readonly #source: Source;
  readonly #keepAlive: number;
  readonly #retry: number | null;
  readonly #retryOnStop: number | null;
  readonly #scope = new CancelScope();
  #exchange: Exchange | null = null;
  /** The client has not taken what was written. */
  #behind = false;

  constructor(source: Source, keepAlive: number, retry: number | null, retryOnStop: number | null) {
    super();
    this.#source = source;
    this.#keepAlive = keepAlive;
    this.#retry = retry;
    this.#retryOnStop = retryOnStop;
  }

  async send(exchange: Exchange, status: number, headers: string[]): Promise<void> {
    const iterator = this.#open(exchange);
    const all = longRepliesUnder(ambientScope());
    const pulse = EventStreamPulse.of(getRunningLoop(), this.#keepAlive);
    this.#exchange = exchange;
    exchange.begin(status, headers);
    if (this.#retry !== null) this.#write(`${retryLine(this.#retry)}\n`);
    all.add(this);
    if (this.#keepAlive !== Infinity) pulse.add(this);
    try {
      await this.#scope.run(() => this.#sendEvents(exchange, iterator));
    } finally {
      pulse.delete(this);
      all.delete(this);
    }
  }

  #open(exchange: Exchange): AsyncIterator<ServerSentEvent | string> {
    const source = this.#source;
    if (typeof source !== "function") return source[Symbol.asyncIterator]();
    const items = source(lastEventIdOf(exchange));
    expectIterable(items);
    return items[Symbol.asyncIterator]();
  }

  async #sendEvents(
    exchange: Exchange,
    iterator: AsyncIterator<ServerSentEvent | string>,
  ): Promise<void> {
    // What `next` throws has ended the source already.
    let over = false;
    try {
      while (!exchange.ended) {
        over = true;
        const step = await iterator.next();
        if (step.done === true) break;
        over = false;
        if (!exchange.ended) await this.#sendEvent(exchange, step.value);
      }
      if (!exchange.ended) exchange.end();
    } catch (error) {
      if (!exchange.ended) exchange.abort();
      throw error;
    } finally {
      if (!over) await protect(async () => iterator.return?.());
    }
  }

  async #sendEvent(exchange: Exchange, event: ServerSentEvent | string): Promise<void> {
    if (this.#write(encodeEvent(event))) return;
    await exchange.drained();
    this.#behind = false;
  }

  #write(text: string): boolean {
    this.quietBeats = 0;
    const taken = (this.#exchange as Exchange).write(text);
    this.#behind = !taken;
    return taken;
  }

  /** Nothing was sent for a while. */
  remark(): void {
    // Behind what it does not take, a remark is of no use.
    if (!this.#behind && this.#exchange?.ended === false) this.#write(":\n\n");
  }

  /** The server is about to stop. */
  goAway(): void {
    const exchange = this.#exchange;
    if (exchange === null || exchange.ended) return;
    if (this.#retryOnStop !== null) this.#write(`${retryLine(this.#retryOnStop)}\n`);
    exchange.end();
    this.#scope.cancel("the server is stopping");
  }

  override async close(): Promise<void> {
    if (typeof this.#source === "function") return;
    await this.#source[Symbol.asyncIterator]().return?.();
  }
}

/** Browsers send it in UTF-8, which node:http reads as Latin-1. */
function lastEventIdOf({ rawHeaders }: Exchange): string | null {
  for (let at = 0; at < rawHeaders.length; at += 2)
    if ((rawHeaders[at] as string).toLowerCase() === "last-event-id")
      return Buffer.from(rawHeaders[at + 1] as string, "latin1").toString("utf8");
  return null;
}
