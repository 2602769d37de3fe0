/*
 * How a pool is told to behave, and the checks of it.
 */
import { expectInteger, expectMilliseconds, outOfRange } from "../core/arguments.ts";

/** What any pool can be told. Times are milliseconds. */
export interface PoolOptions {
  /** How many connections there may be at a time, at least 1. Default 10. */
  readonly max?: number;
  /** How many are kept when they are idle, once they are there. Default 0. */
  readonly min?: number;
  /** How long to wait for a connection; Infinity for no limit. Default 30 000. */
  readonly acquireTimeout?: number;
  /** How long opening one may take. Default 10 000. */
  readonly connectTimeout?: number;
  /** After how long of doing nothing a connection is closed, unless it is one of `min`. Default 60 000. */
  readonly idleTimeout?: number;
  /** How old a connection may get before it is replaced. Default 3 600 000, an hour. */
  readonly maxLifetime?: number;
  /** After how long of doing nothing a connection is tried before it is used. Default 15 000. */
  readonly checkAfter?: number;
  /** How long a statement may take; Infinity, the default, for no limit. */
  readonly statementTimeout?: number;
  /**
   * How long the server may take to stop a statement that was cancelled, and a rollback to finish; after that the
   * connection is destroyed. Default 5000.
   */
  readonly killTimeout?: number;
  /** How long a COMMIT may take; after that the connection is destroyed. Default 60 000. */
  readonly commitTimeout?: number;
  /** How long `close()` waits for connections that are in use. Default 30 000. */
  readonly closeTimeout?: number;
}

/** @internal */
export type PoolSettings = Required<PoolOptions>;

const DEFAULTS: PoolSettings = {
  max: 10,
  min: 0,
  acquireTimeout: 30_000,
  connectTimeout: 10_000,
  idleTimeout: 60_000,
  maxLifetime: 3_600_000,
  checkAfter: 15_000,
  statementTimeout: Infinity,
  killTimeout: 5000,
  commitTimeout: 60_000,
  closeTimeout: 30_000,
};

const TIMES = [
  "acquireTimeout",
  "connectTimeout",
  "idleTimeout",
  "maxLifetime",
  "checkAfter",
  "statementTimeout",
  "killTimeout",
  "commitTimeout",
  "closeTimeout",
] as const;

/** @internal */
export function poolSettings(options: PoolOptions): PoolSettings {
  const settings: Record<string, number> = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof PoolSettings)[]) {
    const given = options[name];
    if (given !== undefined) settings[name] = given;
  }
  const all = settings as unknown as PoolSettings;
  expectInteger("options.max", all.max, 1);
  expectInteger("options.min", all.min, 0);
  if (all.min > all.max) throw outOfRange("options.min", `at most \`max\`, ${all.max}`, all.min);
  for (const name of TIMES) {
    expectMilliseconds(`options.${name}`, all[name]);
    if (all[name] < 0) throw outOfRange(`options.${name}`, "at least 0 milliseconds", all[name]);
  }
  return all;
}
