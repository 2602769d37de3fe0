/*
 * Callbacks that the loop will call, and the handles that take them back.
 *
 * Strategy: a Callback is the user's function with the async context that it was given in, its arguments and its own
 * copy of the context variables, as in asyncio; a Handle (`callSoon`) and a TimerHandle (`callLater`) are two ways to its
 * turn. What it throws is reported where its variables can be seen. In debug mode it knows the code that gave it, and is
 * timed.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { wrongType } from "./arguments.ts";
import { Context } from "./context.ts";
import type { Debugged } from "./debugMode.ts";
import { INSPECT } from "./inspection.ts";
import { locationOf } from "./location.ts";
import { framesOf, placeField, rememberPlace } from "./places.ts";
import { timerGone, timerScheduled } from "./runTimers.ts";
import { timeCallback } from "./steps.ts";

type AnyFunction = (...args: never[]) => unknown;

/** `name at file:line`. @internal */
export function functionWords(fn: AnyFunction): string {
  const place = locationOf(fn);
  return `${fn.name === "" ? "(anonymous)" : fn.name}${place === undefined ? "" : ` at ${place}`}`;
}

/** How a callback is called. */
export interface CallOptions {
  /** The context variables that it runs with, and sets; a copy of the current ones when left out. */
  readonly context?: Context;
}

/** How a callback is called that takes arguments. */
export interface ArgumentOptions<A extends readonly unknown[]> extends CallOptions {
  /** What it is called with. */
  readonly args: A;
}

/** What the scopes know of the code that schedules; the loop, below them, knows nothing of scopes. @internal */
export interface CallbackHome {
  copyContext(): Context;
  /** The run that it belongs to; null outside any. */
  run(): object | null;
  call(context: Context, callback: () => void): void;
}

let scopes: CallbackHome | null = null;

/** @internal */
export function setCallbackHome(home: CallbackHome): void {
  scopes = home;
}

function home(): CallbackHome {
  if (scopes === null) throw new ReferenceError("no scope was made yet");
  return scopes;
}

const NO_ARGUMENTS: readonly unknown[] = [];

/** A function of the user's that waits for its turn. @internal */
export class Callback {
  /** What reports name: the handle that was given out. */
  handle: object = this;
  #run: object | null = null;
  #timer: { cancel(): void } | null = null;
  readonly #loop: Debugged;
  readonly #inAsyncContext = AsyncLocalStorage.snapshot();
  readonly #context: Context;
  #args: readonly unknown[];
  #function: AnyFunction | null;
  #words: string | null = null;

  constructor(
    loop: Debugged,
    callback: AnyFunction,
    options: CallOptions | ArgumentOptions<readonly unknown[]>,
    above: object,
  ) {
    this.#loop = loop;
    this.#function = callback;
    this.#context = options.context ?? home().copyContext();
    this.#args = "args" in options ? options.args : NO_ARGUMENTS;
    expectOptions(this.#context, this.#args);
    if (loop.debug) rememberPlace(this, above);
  }

  /** It waits for its time: the end of its run takes it back. */
  waitsFor(timer: { cancel(): void }): void {
    this.handle = timer;
    this.#run = home().run();
    if (this.#run === null) return;
    this.#timer = timer;
    timerScheduled(this.#run, timer);
  }

  #waitsNoMore(): void {
    if (this.#run !== null && this.#timer !== null) timerGone(this.#run, this.#timer);
    this.#timer = null;
  }

  /** What it throws goes to the exception handler. */
  run(): void {
    this.#waitsNoMore();
    const callback = this.#function;
    if (callback === null) return;
    this.#function = null;
    this.#inAsyncContext(home().call, this.#context, () => this.#take(callback));
  }

  #take(callback: AnyFunction): void {
    if (!this.#loop.debug) return this.#call(callback);
    const words = `callback ${functionWords(callback)}`;
    const { handle } = this;
    const created = framesOf(this);
    timeCallback({ loop: this.#loop, words, handle, created }, () => this.#call(callback));
  }

  #call(callback: AnyFunction): void {
    try {
      callback(...(this.#args as never[]));
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
    this.#waitsNoMore();
    if (this.#loop.debug) this.#words = this.words();
    this.#function = null;
    this.#args = NO_ARGUMENTS;
  }

  getContext(): Context {
    return this.#context;
  }

  /** What a handle prints of it. */
  words(): string {
    if (this.#function === null) return this.#words ?? "";
    const created = framesOf(this)[0];
    const where = created === undefined ? "" : ` created at ${created.place}`;
    return `${functionWords(this.#function)}${where}`;
  }
}

function expectOptions(context: unknown, args: unknown): void {
  if (!(context instanceof Context)) throw wrongType("options.context", "a Context", context);
  if (!Array.isArray(args)) throw wrongType("options.args", "an array", args);
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
