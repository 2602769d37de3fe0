/*
 * listen: calls back in the scope of who listens.
 *
 * Node calls a listener in the scope of whoever emits: it would see the emitter's context
 * variables, and be cancelled with the emitter's task. Strategy: the listener that Node gets only
 * starts a task, eagerly, in the async context of the `listen` call and under its scope.
 * Limits: an event costs a task. Nothing tells when a scope ends, so a listener whose scope has
 * ended is taken off at the next event.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { EventEmitter } from "node:events";
import { expectFunction } from "../core/arguments.ts";
import { isCancelled } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { ambientScope } from "../core/scope.ts";
import { spawnUnder } from "../core/createTask.ts";
import {
  attach,
  describeEvent,
  type EventArguments,
  type EventName,
  type EventSource,
  expectSource,
} from "./emitter.ts";

/** Listening that can be ended; `using` ends it with the block. */
export interface Listening extends Disposable {
  /** Calls back no more; calls that are under way go on. */
  close(): void;
}

/**
 * Calls back at each event, in the caller's scope and with its context variables, whoever emits.
 *
 * Each call is a task of that scope, started at once: a callback may be async, calls may overlap,
 * and what still runs is cancelled when the scope ends. What a callback throws goes to the loop's
 * exception handler; the emitter and other listeners do not see it. When the scope has ended, the
 * callback is called no more.
 *
 * **Cancellation:** a cancel of the scope reaches calls that are under way; it does not end the
 * listening.
 *
 * @param emitter an EventEmitter or an EventTarget
 * @param name of the events
 * @param callback gets the event's arguments
 * @throws TypeError when the emitter is none, or `callback` no function
 *
 * @example
 * ```ts
 * import { EventEmitter } from "node:events";
 * import { ContextVar, createTask, listen } from "ambit";
 *
 * const user = new ContextVar("user", { defaultValue: "nobody" });
 * const bell = new EventEmitter();
 * const heard: string[] = [];
 * user.set("ada");
 * const listening = listen(bell, "ring", () => heard.push(user.get()));
 * await createTask(async () => (user.set("bob"), bell.emit("ring")));
 * listening.close();
 * heard; // => ["ada"]
 * ```
 */
export function listen<Events extends Record<keyof Events, unknown[]>, Name extends keyof Events>(
  emitter: EventEmitter<Events>,
  name: Name,
  callback: (...args: Extract<EventArguments<Events, Name>, unknown[]>) => unknown,
): Listening;
export function listen(
  emitter: EventEmitter,
  name: string | symbol,
  callback: Heard["event"],
): Listening;
export function listen(emitter: EventTarget, name: string, callback: Heard["target"]): Listening;
export function listen(
  emitter: EventSource,
  name: EventName,
  callback: (...args: never[]) => unknown,
): Listening {
  expectSource(emitter, name);
  expectFunction("callback", callback);
  return new Callback(emitter, name, callback as (...args: unknown[]) => unknown);
}

/** As methods, for whom a callback may say more of its parameters than an untyped emitter does. */
interface Heard {
  event(...args: unknown[]): unknown;
  target(event: Event): unknown;
}

class Callback implements Listening {
  readonly #event: string;
  readonly #callback: (...args: unknown[]) => unknown;
  readonly #scope = ambientScope();
  readonly #detach: () => void;
  #closed = false;

  constructor(emitter: EventSource, name: EventName, callback: (...args: unknown[]) => unknown) {
    this.#event = describeEvent(emitter, name);
    this.#callback = callback;
    const here = AsyncLocalStorage.bind((args: unknown[]) => this.#call(args));
    this.#detach = attach(emitter, [[name, (...args) => here(args)]]);
  }

  close(): void {
    this.#closed = true;
    this.#detach();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  [INSPECT](): string {
    return `<listening to ${this.#event}${this.#closed ? ", closed" : ""}>`;
  }

  #call(args: unknown[]): void {
    if (this.#scope.ended) return this.close();
    const name = `listener of ${this.#event}`;
    const body = (): Promise<void> => this.#run(args);
    spawnUnder(this.#scope, body, { name, eager: true, shows: this.#callback });
  }

  async #run(args: unknown[]): Promise<void> {
    try {
      await this.#callback(...args);
    } catch (error) {
      if (ambientScope().cancels > 0 && isCancelled(error)) throw error;
      this.#scope.loop.callExceptionHandler({
        message: `a listener of ${this.#event} has failed`,
        exception: error,
      });
    }
  }
}
