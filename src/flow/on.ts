/*
 * on: the events of one name, as an async iterator.
 *
 * Strategy: listens from the call on and keeps what comes until it is asked for, so that nothing is
 * missed between two steps. An emitter that can be paused is paused while too much is kept.
 */
import type { EventEmitter } from "node:events";
import { expectLimit, wrongType } from "../core/arguments.ts";
import {
  attach,
  describeEvent,
  errorOf,
  type EventArguments,
  type EventName,
  type EventSource,
  expectEventName,
  expectSource,
  type Listener,
} from "./emitter.ts";
import { EventBuffer, type Feed } from "./eventBuffer.ts";

/** How events are iterated over. */
export interface OnOptions {
  /** Names of events that end the iteration, after what came before them. */
  readonly close?: readonly (string | symbol)[];
  /**
   * As soon as so many events are kept, the emitter's `pause()` is called, if it has one. An integer
   * of at least 1; Infinity, the default, never pauses.
   */
  readonly highWaterMark?: number;
  /** At so few, its `resume()` is called again. An integer of at least 0, below `highWaterMark`; default 0. */
  readonly lowWaterMark?: number;
}

/** Events as they come; leaving its `for await`, or its `await using` block, ends the listening. */
export interface EventIterator<Args>
  extends AsyncIterableIterator<Args, undefined>, AsyncDisposable {
  /** Stops listening; events that were kept are given up. A step that waits ends, done. */
  return(): Promise<IteratorResult<Args, undefined>>;
}

/**
 * Iterates over the events of one name; each step gives an event's arguments (`events.on` of Node,
 * made cancellable).
 *
 * Listens from the call on, so that no event is missed, also not between two steps. An `error`
 * event is thrown, after the events before it, and ends the iteration. Left while the emitter is
 * paused, it stays paused: nothing is lost, and whoever takes over calls `resume()`. The emitter
 * counts as part of the program: virtual time does not stand still for it.
 *
 * **Cancellation:** a cancel of the scope that called `on` ends it, at the step that waits. A narrower
 * one, around one step, loses no event and goes on listening. An iterator that is not iterated over to
 * its end, or by a `for await`, must be closed by `return()` or `await using`.
 *
 * @param emitter an EventEmitter or an EventTarget
 * @param name of the events
 * @throws TypeError when the emitter is none
 * @throws RangeError when a mark is out of range
 *
 * @example
 * ```ts
 * import { EventEmitter } from "node:events";
 * import { on } from "ambit";
 *
 * const source = new EventEmitter<{ item: [number]; end: [] }>();
 * const items = on(source, "item", { close: ["end"] });
 * for (const n of [1, 2]) source.emit("item", n);
 * source.emit("end");
 * const seen: number[] = [];
 * for await (const [n] of items) seen.push(n);
 * seen; // => [1, 2]
 * ```
 */
export function on<Events extends Record<keyof Events, unknown[]>, Name extends keyof Events>(
  emitter: EventEmitter<Events>,
  name: Name,
  options?: OnOptions,
): EventIterator<EventArguments<Events, Name>>;
export function on<Args extends unknown[] = unknown[]>(
  emitter: EventEmitter,
  name: string | symbol,
  options?: OnOptions,
): EventIterator<Args>;
export function on<Kind extends Event = Event>(
  emitter: EventTarget,
  name: string,
  options?: OnOptions,
): EventIterator<[Kind]>;
export function on(
  emitter: EventSource,
  name: EventName,
  options: OnOptions = {},
): EventIterator<unknown[]> {
  expectSource(emitter, name);
  expectOptions(options);
  return new EventFeed(emitter, name, options).open();
}

function expectOptions({
  close = [],
  highWaterMark = Infinity,
  lowWaterMark = 0,
}: OnOptions): void {
  if (!Array.isArray(close)) throw wrongType("options.close", "a list of names of events", close);
  for (const name of close) expectEventName("options.close", name);
  expectLimit("options.highWaterMark", highWaterMark, 1);
  expectLimit("options.lowWaterMark", lowWaterMark, 0);
  if (lowWaterMark < highWaterMark) return;
  throw new RangeError(
    `Expected \`options.lowWaterMark\` to be below \`options.highWaterMark\`, got ${lowWaterMark} and ${highWaterMark}`,
  );
}

/** What some emitters can: Node's streams and sockets. */
interface Pausable {
  pause?(): unknown;
  resume?(): unknown;
}

class EventFeed implements Feed {
  readonly #emitter: EventSource;
  readonly #name: EventName;
  readonly #options: OnOptions;
  readonly #high: number;
  readonly #low: number;
  readonly #events = new EventBuffer<unknown[]>("on", this);
  #detach: (() => void) | null = null;
  #paused = false;

  constructor(emitter: EventSource, name: EventName, options: OnOptions) {
    this.#emitter = emitter;
    this.#name = name;
    this.#options = options;
    this.#high = options.highWaterMark ?? Infinity;
    this.#low = options.lowWaterMark ?? 0;
  }

  get name(): string {
    return describeEvent(this.#emitter, this.#name);
  }

  open(): EventBuffer<unknown[]> {
    const events = this.#events;
    const listeners = new Map<EventName, Listener>();
    for (const name of this.#options.close ?? []) listeners.set(name, () => events.end());
    listeners.set("error", (told) => events.fail(errorOf(told, this.#name)));
    listeners.set(this.#name, (...args) => events.push(args));
    this.#detach = attach(this.#emitter, listeners);
    return events;
  }

  stop(): void {
    this.#detach?.();
  }

  kept(count: number): void {
    const { pause, resume } = this.#emitter as Pausable;
    if (typeof pause !== "function" || typeof resume !== "function") return;
    if (!this.#paused && count >= this.#high) {
      this.#paused = true;
      pause.call(this.#emitter);
    } else if (this.#paused && count <= this.#low) {
      this.#paused = false;
      resume.call(this.#emitter);
    }
  }
}
