/*
 * Whether a connection may be used: too old to be used again, idle for so long that it has to be tried first, or fresh.
 */
import { moveOnAfter } from "../core/cancelScope.ts";
import type { Loop } from "../core/loop.ts";
import { DatabaseConnectionError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { PoolSettings } from "./poolOptions.ts";

/** By which clock and by what limits. @internal */
export interface HealthRules {
  readonly loop: Loop;
  readonly settings: PoolSettings;
}

/** It has reached its `maxLifetime`. @internal */
export function isOld(link: Link, { loop, settings }: HealthRules): boolean {
  return loop.time() - link.openedAt >= settings.maxLifetime;
}

/** It may be used as it is. @internal */
export function isFresh(link: Link, { loop, settings }: HealthRules): boolean {
  const now = loop.time();
  return now - link.idleSince < settings.checkAfter && now - link.openedAt < settings.maxLifetime;
}

/**
 * Tries one that was idle for long: a firewall may have forgotten it. One that doesn't answer is destroyed.
 * @throws what is no fault of the connection's: a cancel
 * @internal
 */
export async function answers(link: Link, patience: number): Promise<boolean> {
  try {
    const { cancelledCaught } = await moveOnAfter(patience, () => link.check());
    if (cancelledCaught) link.destroy("it did not answer");
    return !cancelledCaught;
  } catch (error) {
    link.destroy(error);
    if (error instanceof DatabaseConnectionError) return false;
    throw error;
  }
}
