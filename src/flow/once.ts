/*
 * once: waits for one event.
 *
 * Strategy: one wait; whichever comes first of the event, an `error` event and a cancel takes all
 * listeners away.
 */
import type { EventEmitter } from "node:events";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import {
  attach,
  describeEvent,
  errorOf,
  type EventArguments,
  type EventName,
  type EventSource,
  expectSource,
} from "./emitter.ts";

/**
 * Waits for one event and gives its arguments (`events.once` of Node, made cancellable).
 *
 * An `error` event that comes first rejects, unless it is what was waited for. Of a target of the
 * web the one argument is the event. Between two calls of `once` nobody listens: events that must
 * not be missed are for `on`. The emitter counts as part of the program: virtual time does not
 * stand still for it.
 *
 * **Cancellation:** leaves no listener behind; an event that came first is not lost.
 *
 * @param emitter an EventEmitter or an EventTarget
 * @param name of the event
 * @throws what an `error` event tells; for one that tells no Error, an Error with it as `cause`
 * @throws TypeError when the emitter is none
 *
 * @example
 * ```ts
 * import { EventEmitter } from "node:events";
 * import { createTask, once } from "ambit";
 *
 * const door = new EventEmitter<{ open: [by: string] }>();
 * createTask(async () => void door.emit("open", "Ada"));
 * await once(door, "open"); // => ["Ada"]
 * ```
 */
export function once<Events extends Record<keyof Events, unknown[]>, Name extends keyof Events>(
  emitter: EventEmitter<Events>,
  name: Name,
): Promise<EventArguments<Events, Name>>;
export function once<Args extends unknown[] = unknown[]>(
  emitter: EventEmitter,
  name: string | symbol,
): Promise<Args>;
export function once<Kind extends Event = Event>(
  emitter: EventTarget,
  name: string,
): Promise<[Kind]>;
export function once(emitter: EventSource, name: EventName): Promise<unknown[]> {
  expectSource(emitter, name);
  return suspend(expectEvent, new Occurrence(emitter, name), "once");
}

/** The event that is waited for. */
class Occurrence {
  readonly #emitter: EventSource;
  readonly #name: EventName;
  #detach: (() => void) | null = null;

  constructor(emitter: EventSource, name: EventName) {
    this.#emitter = emitter;
    this.#name = name;
  }

  expect(wait: Wait<unknown[]>): void {
    const failed = (told: unknown): void => {
      this.forget();
      wait.reject(errorOf(told, this.#name));
    };
    const happened = (...args: unknown[]): void => {
      this.forget();
      wait.resolve(args);
    };
    const listeners = new Map([["error" as EventName, failed]]).set(this.#name, happened);
    this.#detach = attach(this.#emitter, listeners);
  }

  forget(): void {
    this.#detach?.();
  }

  /** @internal */
  [INSPECT](): string {
    return describeEvent(this.#emitter, this.#name);
  }
}

function expectEvent(wait: Wait<unknown[]>, event: Occurrence): Cleanup<unknown[], Occurrence> {
  event.expect(wait);
  return forget;
}

function forget(_: Wait<unknown[]>, event: Occurrence): void {
  event.forget();
}
