/*
 * concurrencyLimit: so many requests at a time, a few more in a line, and the rest is told to come back.
 *
 * Strategy: a server that takes on more than it can do serves nobody. Who waits waits in the request's task: a client that
 * leaves leaves the line. A place is the request's until its task ends: with the last byte of its answer.
 */
import { expectLimit, expectMilliseconds, wrongType } from "../core/arguments.ts";
import { moveOnAfter } from "../core/cancelScope.ts";
import { CapacityLimiter } from "../sync/capacityLimiter.ts";
import type { Guard } from "../sync/guard.ts";
import type { Middleware } from "./handler.ts";
import { ServiceUnavailable } from "./httpError.ts";

/** How many may be at work, and wait. */
export interface ConcurrencyLimitOptions {
  /** How many requests are handled at a time. */
  readonly limit: number;
  /** How many more may wait for their turn. Default 0. */
  readonly queue?: number;
  /** How long one may wait, in milliseconds; Infinity for no limit. Default 10,000. */
  readonly queueTimeout?: number;
  /** What `Retry-After` tells who was refused, in milliseconds. Default 1000. */
  readonly retryAfter?: number;
}

/**
 * Handles at most so many requests at a time. More wait in a line, in the order in which they came; when that is full, or
 * takes too long, the answer is a 503 with `Retry-After`. A request is at work until the last byte of its answer was sent, a
 * WebSocket or an event stream until it has ended.
 *
 * **Cancellation:** a request that is cancelled while it waits leaves the line.
 *
 * @throws TypeError or RangeError when an option is none
 */
export function concurrencyLimit(options: ConcurrencyLimitOptions): Middleware {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object with a `limit`", options);
  const { limit, queue = 0, queueTimeout = 10_000, retryAfter = 1000 } = options;
  expectLimit("options.limit", limit, 1);
  expectLimit("options.queue", queue, 0);
  expectMilliseconds("options.queueTimeout", queueTimeout);
  expectMilliseconds("options.retryAfter", retryAfter);
  const headers = { "retry-after": String(Math.max(1, Math.ceil(retryAfter / 1000))) };
  const limiter = new CapacityLimiter(limit);
  return async (request, next) => {
    // One place for each request, not for each task: two of these limits may be around one handler.
    let guard: Guard | null | undefined = limiter.tryAcquireOnBehalfOf(request);
    if (guard === null && limiter.statistics().waiting < queue)
      guard = await turn(limiter, request, queueTimeout);
    if (guard == null) throw new ServiceUnavailable("too many requests at a time", { headers });
    const place = guard;
    request.task.addWaiter({ passive: true, settled: () => place.release() });
    return next();
  };
}

async function turn(
  limiter: CapacityLimiter,
  request: object,
  timeout: number,
): Promise<Guard | undefined> {
  const { value } = await moveOnAfter(timeout, () => limiter.acquireOnBehalfOf(request));
  return value;
}
