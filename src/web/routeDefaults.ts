/*
 * RouteDefaults: how the requests of a route are treated that says nothing of it itself.
 */
import { expectLimit, expectMilliseconds, outOfRange } from "../core/arguments.ts";
import type { OnDisconnect, RouteOptions } from "./routeOptions.ts";

/** What a route says nothing of is treated as its application says; see {@link RouteOptions}. */
export interface RouteDefaults {
  readonly onDisconnect: OnDisconnect;
  readonly bodyLimit: number;
  readonly bodyTimeout: number;
  readonly timeout: number;
  readonly timeoutStatus: 503 | 504;
}

const DEFAULTS: RouteDefaults = {
  onDisconnect: "cancel",
  bodyLimit: 1024 * 1024,
  bodyTimeout: 60_000,
  timeout: 60_000,
  timeoutStatus: 503,
};

/**
 * @throws RangeError or TypeError for an option that makes no sense
 * @internal
 */
export function routeDefaults(options: Partial<RouteDefaults>): RouteDefaults {
  const { onDisconnect, bodyLimit, bodyTimeout, timeout, timeoutStatus } = {
    ...DEFAULTS,
    ...options,
  };
  checkRouteOptions({ onDisconnect, bodyLimit, bodyTimeout, timeout, timeoutStatus });
  return { onDisconnect, bodyLimit, bodyTimeout, timeout, timeoutStatus };
}

/**
 * @throws RangeError or TypeError for an option that makes no sense
 * @internal
 */
export function checkRouteOptions(options: RouteOptions): void {
  if (options.bodyLimit !== undefined) expectLimit("options.bodyLimit", options.bodyLimit, 0);
  if (options.bodyTimeout !== undefined)
    expectMilliseconds("options.bodyTimeout", options.bodyTimeout);
  if (options.timeout !== undefined) expectMilliseconds("options.timeout", options.timeout);
  const { onDisconnect = "cancel", timeoutStatus = 503 } = options;
  if (onDisconnect !== "cancel" && onDisconnect !== "finish")
    throw outOfRange("options.onDisconnect", '"cancel" or "finish"', onDisconnect);
  if (timeoutStatus !== 503 && timeoutStatus !== 504)
    throw outOfRange("options.timeoutStatus", "503 or 504", timeoutStatus);
}
