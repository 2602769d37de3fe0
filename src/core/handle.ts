/*
 * Callbacks that the loop will call, and the handles that take them back.
 *
 * Strategy: a Callback is the user's function with the async context that it was given in; a Handle (`callSoon`) and a
 * TimerHandle (`callLater`) are two ways to its turn. In debug mode it knows the code that gave it, and is timed.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Context } from "./context.ts";
import type { Debugged } from "./debugMode.ts";
import { INSPECT } from "./inspection.ts";
import { locationOf } from "./location.ts";
import { framesOf, placeField, rememberPlace } from "./places.ts";
import { timeCallback } from "./steps.ts";

type AnyFunction = (...args: never[]) => unknown;

/** `name at file:line`. @internal */
export function functionWords(fn: AnyFunction): string {
  const place = locationOf(fn);
  return `${fn.name === "" ? "(anonymous)" : fn.name}${place === undefined ? "" : ` at ${place}`}`;
}

let contextHere: () => Context = () => {
  throw new ReferenceError("no scope was made yet");
};

/** Tells how to find the current context: by the scopes, of which the loop below them knows nothing. @internal */
export function setContextSource(source: () => Context): void {
  contextHere = source;
}

/** A function of the user's that waits for its turn. @internal */
export class Callback {
  /** What reports name: the handle that was given out. */
  handle: object = this;
  readonly #loop: Debugged;
  readonly #inContext = AsyncLocalStorage.snapshot();
  #function: (() => void) | null;
  #words: string | null = null;

  constructor(loop: Debugged, callback: () => void, above: object) {
    this.#loop = loop;
    this.#function = callback;
    if (loop.debug) rememberPlace(this, above);
  }

  /** What it throws goes to the exception handler. */
  run(): void {
    const callback = this.#function;
    if (callback === null) return;
    this.#function = null;
    if (!this.#loop.debug) return this.#call(callback);
    const words = `callback ${functionWords(callback)}`;
    const { handle } = this;
    const created = framesOf(this);
    timeCallback({ loop: this.#loop, words, handle, created }, () => this.#call(callback));
  }

  #call(callback: () => void): void {
    try {
      this.#inContext(callback);
    } catch (error) {
      this.#loop.callExceptionHandler({
        message: `callback ${functionWords(callback)} threw`,
        exception: error,
        handle: this.handle,
        ...placeField("createdAt", framesOf(this)),
      });
    }
  }

  /** Lets go of the function; in debug mode a handle can still tell what it was. */
  drop(): void {
    if (this.#loop.debug) this.#words = this.words();
    this.#function = null;
  }

  getContext(): Context {
    return this.#inContext(contextHere);
  }

  /** What a handle prints of it. */
  words(): string {
    if (this.#function === null) return this.#words ?? "";
    const created = framesOf(this)[0];
    const where = created === undefined ? "" : ` created at ${created.place}`;
    return `${functionWords(this.#function)}${where}`;
  }
}

/** A callback that waits for its turn; `callSoon` returns it (`asyncio.Handle`). */
export class Handle {
  readonly #callback: Callback;
  #state: "pending" | "cancelled" | "finished" = "pending";

  /** @internal */
  constructor(callback: Callback) {
    this.#callback = callback;
    callback.handle = this;
  }

  /** Takes the callback back; without effect once it ran. */
  cancel(): void {
    if (this.#state !== "pending") return;
    this.#state = "cancelled";
    this.#callback.drop();
  }

  /** True when the callback was taken back. */
  cancelled(): boolean {
    return this.#state === "cancelled";
  }

  /** The context variables that the callback runs with. */
  getContext(): Context {
    return this.#callback.getContext();
  }

  /** @internal */
  run(): void {
    if (this.#state !== "pending") return;
    this.#state = "finished";
    this.#callback.run();
  }

  /** @internal */
  [INSPECT](): string {
    return handleWords("Handle", [this.#state === "pending" ? "" : this.#state], this.#callback);
  }
}

/** @internal */
export function handleWords(kind: string, states: string[], callback: Callback | null): string {
  const words = [kind, ...states, callback?.words() ?? ""];
  return `<${words.filter((word) => word !== "").join(" ")}>`;
}
