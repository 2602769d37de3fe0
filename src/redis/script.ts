/*
 * Lua scripts that are sent once and called by their hash.
 */
import { createHash } from "node:crypto";
import { wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { commandNamed } from "./commandNames.ts";
import type { Connection } from "./connection.ts";
import { RedisScriptError } from "./errors.ts";

/** How a script is made. */
export interface ScriptOptions {
  /** It writes nothing, so that a replica may run it (Redis 7). Default false. */
  readonly readOnly?: boolean;
}

/** A script, for `redis.evaluate`; `T` is what it answers. */
export class RedisScript<T> {
  /** Its text. */
  readonly lua: string;
  /** Its SHA-1, by which the server knows it. */
  readonly sha: string;
  /** Whether it writes nothing. */
  readonly readOnly: boolean;
  /** Only to hold the type of the answer. */
  declare readonly answers: T;

  /** @internal */
  constructor(lua: string, readOnly: boolean) {
    this.lua = lua;
    this.sha = createHash("sha1").update(lua).digest("hex");
    this.readOnly = readOnly;
  }

  /** @internal */
  [INSPECT](): string {
    return `RedisScript { sha: ${this.sha.slice(0, 8)}… }`;
  }
}

/**
 * Makes a script of Lua text, for `redis.evaluate`. Nothing is sent yet.
 *
 * @throws TypeError when `lua` is no text
 *
 * @example
 * ```ts no-run
 * import { createRedis, defineScript } from "ambit/redis";
 *
 * const take = defineScript<number>(`
 *   local left = tonumber(redis.call("GET", KEYS[1]) or "0")
 *   if left < tonumber(ARGV[1]) then return 0 end
 *   redis.call("DECRBY", KEYS[1], ARGV[1])
 *   return 1
 * `);
 * await using redis = createRedis();
 * const taken = await redis.evaluate(take, ["stock"], [3]);
 * ```
 */
export function defineScript<T = unknown>(
  lua: string,
  options: ScriptOptions = {},
): RedisScript<T> {
  if (typeof lua !== "string" || lua === "") throw wrongType("lua", "the text of a script", lua);
  return new RedisScript<T>(lua, options.readOnly === true);
}

const EVALSHA = commandNamed("evalsha");
const EVALSHA_RO = commandNamed("evalsha_ro");
const EVAL = commandNamed("eval");
const EVAL_RO = commandNamed("eval_ro");

/** What scripts take for keys and arguments. */
export type ScriptValue = string | number | Buffer;

/** Runs a script by its hash; by its text, where the server does not know it. @internal */
export async function evaluate<T>(
  connection: Connection,
  script: RedisScript<T>,
  keys: readonly ScriptValue[],
  args: readonly ScriptValue[],
): Promise<T> {
  if (!(script instanceof RedisScript))
    throw wrongType("script", "what `defineScript` made", script);
  const rest = [keys.length, ...keys, ...args];
  const { lua, readOnly, sha } = script;
  try {
    return (await connection.send(readOnly ? EVALSHA_RO : EVALSHA, "utf8", [sha, ...rest])) as T;
  } catch (error) {
    if (!(error instanceof RedisScriptError) || error.code !== "NOSCRIPT") throw error;
  }
  return (await connection.send(readOnly ? EVAL_RO : EVAL, "utf8", [lua, ...rest])) as T;
}
