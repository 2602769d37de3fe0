/*
 * serverTiming: where the time went, for the browser's developer tools (W3C Server Timing).
 *
 * Strategy: what is measured several times in one request is one entry, so that the header stays short whatever loops do.
 * It goes into `request.replyHeaders` once the handler is done: onto an error page too.
 * Limits: it tells visitors how long a database took. Where that is too much, give `when`.
 */
import { expectFunction, expectMilliseconds, wrongType } from "../core/arguments.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Middleware } from "./handler.ts";
import type { ServerRequest } from "./request.ts";

interface Entry {
  milliseconds: number | null;
  description: string | null;
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What took how long in one request. */
export class ServerTiming {
  readonly #entries = new Map<string, Entry>();

  /**
   * Runs the body and notes how long it took, also when it throws; gives what it gives. Times of one name add up.
   *
   * **Cancellation:** passes through; the time until then is noted.
   *
   * @throws TypeError when `name` is no token: letters, digits and signs such as `-`
   */
  async measure<T>(name: string, body: () => T | PromiseLike<T>, description?: string): Promise<T> {
    expectName(name);
    expectFunction("body", body);
    const loop = getRunningLoop();
    const began = loop.time();
    try {
      return await body();
    } finally {
      this.add(name, loop.time() - began, description);
    }
  }

  /**
   * Notes so many milliseconds; without them, only that it was so: `add("cache", undefined, "hit")`.
   * @throws TypeError when `name` is no token
   */
  add(name: string, milliseconds?: number, description?: string): void {
    expectName(name);
    if (milliseconds !== undefined) expectMilliseconds("milliseconds", milliseconds);
    const entry = this.#entries.get(name) ?? { milliseconds: null, description: null };
    if (milliseconds !== undefined) entry.milliseconds = (entry.milliseconds ?? 0) + milliseconds;
    entry.description = description ?? entry.description;
    this.#entries.set(name, entry);
  }

  /** The value of the header; empty when nothing was noted. */
  toString(): string {
    return [...this.#entries].map(([name, entry]) => name + parametersOf(entry)).join(", ");
  }
}

function expectName(name: unknown): void {
  if (typeof name !== "string" || !NAME.test(name))
    throw wrongType("name", "a token: letters, digits and signs such as -", name);
}

function parametersOf({ milliseconds, description }: Entry): string {
  const text = description?.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&");
  const desc = text === undefined ? "" : `;desc="${text}"`;
  return milliseconds === null ? desc : `${desc};dur=${Math.round(milliseconds * 1000) / 1000}`;
}

/** How it is told. */
export interface ServerTimingOptions {
  /** Whether the time of all that is inside of this middleware is told, as `total`. Default true. */
  readonly total?: boolean;
  /** To whom it is told. Default: to everybody. */
  readonly when?: (request: ServerRequest) => boolean;
}

/** What `serverTiming` adds to `request.state`. */
export interface TimingState {
  readonly timing: ServerTiming;
}

/**
 * Lets handlers measure, by `request.state.timing`, and tells the browser, in `Server-Timing`.
 *
 * @example
 * ```ts
 * import { ServerTiming } from "ambit/web";
 *
 * const timing = new ServerTiming();
 * const rows = await timing.measure("db", async () => [1, 2]); // => [1, 2]
 * timing.add("cache", 0.25, "miss");
 * String(timing).endsWith('cache;desc="miss";dur=0.25'); // => true
 * ```
 */
export function serverTiming(options: ServerTimingOptions = {}): Middleware<TimingState> {
  const { total = true, when = always } = options;
  expectFunction("options.when", when);
  return async (request, next) => {
    const timing = new ServerTiming();
    const loop = getRunningLoop();
    const began = loop.time();
    try {
      return await next({ timing });
    } finally {
      if (total) timing.add("total", loop.time() - began);
      const value = String(timing);
      if (value !== "" && when(request as ServerRequest))
        request.replyHeaders.append("server-timing", value);
    }
  };
}

function always(): boolean {
  return true;
}
