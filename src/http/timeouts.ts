/*
 * How long a request may take: aiohttp's four limits.
 *
 * Strategy: checked once into a complete record; a request without limits of its own uses the
 * session's record as it is. All of them live in the loop's one timer queue, and none that is
 * Infinity has a timer.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";

/** How long a request, or a part of it, may take. Milliseconds above 0; Infinity for no limit. */
export interface ClientTimeout {
  /**
   * From when the request is sent to when its body has come, redirects included. Time that it is
   * queued for a limit of the session's does not count. Each attempt of a retry has all of it.
   * Default 300,000.
   */
  readonly total?: number;
  /** From when it is asked for to when it has a connection: queueing included. Default Infinity. */
  readonly connect?: number;
  /** To open one connection to a server: DNS, TCP and TLS. Default 30,000. */
  readonly socketConnect?: number;
  /** Between two pieces of the answer, and before the first. Default Infinity. */
  readonly socketRead?: number;
}

/** All four, checked. @internal */
export type Timeouts = Required<ClientTimeout>;

/** What took too long. */
export type TimeoutKind = keyof ClientTimeout;

/** @internal */
export const DEFAULT_TIMEOUTS: Timeouts = {
  total: 300_000,
  connect: Infinity,
  socketConnect: 30_000,
  socketRead: Infinity,
};

/** Checks a timeout; what it leaves out is as in `base`. @internal */
export function timeoutsOf(input: number | ClientTimeout, base: Timeouts): Timeouts {
  if (typeof input === "number") return { ...base, total: checkedLimit("options.timeout", input) };
  if (typeof input !== "object" || input === null) {
    throw wrongType(
      "options.timeout",
      "a number of milliseconds, or an object with `total`",
      input,
    );
  }
  const limit = (kind: TimeoutKind): number => {
    const value = input[kind];
    return value === undefined ? base[kind] : checkedLimit(`options.timeout.${kind}`, value);
  };
  return {
    total: limit("total"),
    connect: limit("connect"),
    socketConnect: limit("socketConnect"),
    socketRead: limit("socketRead"),
  };
}

function checkedLimit(name: string, limit: number): number {
  if (typeof limit !== "number") throw wrongType(name, "a number of milliseconds", limit);
  if (limit > 0) return limit;
  throw outOfRange(name, "more than 0 milliseconds (Infinity for no limit)", limit);
}
