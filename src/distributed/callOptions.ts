/*
 * What may be said of the calls of an executor beside what they run; and the executor's own options.
 */
import type { RedisOptions } from "ioredis";
import {
  expectFunction,
  expectInteger,
  expectMilliseconds,
  outOfRange,
  wrongType,
} from "../core/arguments.ts";

/** How long to wait before a call that has failed is run again. */
export interface BackoffOptions {
  /** The same pause each time, or one that doubles. */
  readonly type: "fixed" | "exponential";
  /** Milliseconds; the first pause. */
  readonly delay: number;
  /** Which share of the pause is random, 0 to 1. Default 0. */
  readonly jitter?: number;
}

/** How calls are run: see {@link DistributedExecutor.with}. */
export interface CallOptions {
  /** 1 is first, up to 2,097,152. Without one a call comes before all that have one. */
  readonly priority?: number;
  /** Milliseconds before it may begin, by Redis's clock, whatever the machines' clocks show. Default 0. */
  readonly delay?: number;
  /** How often it is run at most, while the function throws. Default 1. A cancelled call is not run again. */
  readonly attempts?: number;
  /** The pause between attempts, by Redis's clock: milliseconds, or more. Default none. */
  readonly backoff?: number | BackoffOptions;
  /**
   * Calls of one task and one key are one call, for as long as Redis keeps its outcome (`keepResults`): who submits it again
   * gets the outcome of the first, whatever its arguments. It is the call's idempotency key, too. Not for `map`.
   */
  readonly deduplicationKey?: string;
  /** Milliseconds from `submit` to the result. Default: the executor's. */
  readonly deadline?: number;
  /** Hears what the function tells by `reportProgress`. What it throws goes to the loop's exception handler. */
  readonly onProgress?: (value: unknown) => void;
}

/** How an executor is made. */
export interface DistributedOptions {
  /** Where Redis is: `redis://user:password@host:6379/0`, or ioredis's own options. Default: port 6379 of this machine. */
  readonly redis?: string | RedisOptions;
  /** The queue, which its workers name too. Default `"default"`. */
  readonly queue?: string;
  /** What all keys in Redis begin with. Default `"ambit"`. */
  readonly prefix?: string;
  /** Milliseconds from `submit` to the result, Infinity for none. Default an hour. */
  readonly deadline?: number;
  /**
   * Milliseconds for which Redis keeps an outcome, by its own clock; a submitter that is away for longer loses it. It should be several
   * times `pollInterval`: an outcome that a killed worker did not tell any more is only found by looking. Default ten minutes.
   */
  readonly keepResults?: number;
  /**
   * What becomes of the calls of a program that has died, or has not reached Redis for `lossTimeout`: they are cancelled, or
   * carried on with, though nobody waits. Default `"cancel"`.
   */
  readonly orphans?: "cancel" | "finish";
  /** Milliseconds that a cancelled call has to end; then it counts as cancelled, whether it runs or not. Default 10,000. */
  readonly cancelTimeout?: number;
  /** Milliseconds without Redis after which calls fail. Default 30,000. */
  readonly lossTimeout?: number;
  /**
   * Milliseconds without any worker after which calls fail; Infinity (default): they wait until there is one. A worker that
   * was killed or cut off counts as being there for six seconds more.
   */
  readonly workerTimeout?: number;
  /** Milliseconds between looks at what Redis says of calls that nothing was heard of. Default 5000. */
  readonly pollInterval?: number;
  /** The most bytes that the arguments of a call, or its result, may have. Default 32 MiB. */
  readonly maxPayload?: number;
  /** Payloads of more bytes lie under a key of their own. Default 64 KiB. */
  readonly inlineLimit?: number;
}

/** The options, checked. @internal */
export interface Settings extends Required<Omit<DistributedOptions, "redis">> {
  readonly redis: string | RedisOptions;
}

const HOUR = 3_600_000;
const MIB = 1_048_576;

/** @internal */
export function settingsOf(options: DistributedOptions): Settings {
  const settings: Settings = {
    redis: options.redis ?? "redis://localhost:6379",
    queue: options.queue ?? "default",
    prefix: options.prefix ?? "ambit",
    deadline: options.deadline ?? HOUR,
    keepResults: options.keepResults ?? HOUR / 6,
    orphans: options.orphans ?? "cancel",
    cancelTimeout: options.cancelTimeout ?? 10_000,
    lossTimeout: options.lossTimeout ?? 30_000,
    workerTimeout: options.workerTimeout ?? Infinity,
    pollInterval: options.pollInterval ?? 5000,
    maxPayload: options.maxPayload ?? 32 * MIB,
    inlineLimit: options.inlineLimit ?? MIB / 16,
  };
  expectQueue(settings);
  for (const name of [
    "deadline",
    "cancelTimeout",
    "lossTimeout",
    "workerTimeout",
    "pollInterval",
  ] as const)
    expectPositive(`options.${name}`, settings[name]);
  for (const name of ["keepResults", "maxPayload", "inlineLimit"] as const)
    expectInteger(`options.${name}`, settings[name], 1);
  if (settings.orphans !== "cancel" && settings.orphans !== "finish")
    throw wrongType("options.orphans", '"cancel" or "finish"', settings.orphans);
  return settings;
}

/** @internal */
export function expectQueue({
  redis,
  queue,
  prefix,
}: Pick<Settings, "redis" | "queue" | "prefix">): void {
  expectName("options.queue", queue);
  expectName("options.prefix", prefix);
  const isUrl = typeof redis === "string" && /^rediss?:$/.test(protocolOf(redis));
  if (!isUrl && (typeof redis !== "object" || redis === null)) {
    const shown = typeof redis === "string" ? redis.replace(/\/\/[^@/]*@/, "//***@") : redis;
    throw wrongType("options.redis", "a URL such as `redis://localhost:6379`, or options", shown);
  }
}

function protocolOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : "";
}

function expectName(name: string, value: unknown): void {
  if (typeof value !== "string") throw wrongType(name, "a name", value);
  if (!/^[^:{}\s]+$/.test(value))
    throw outOfRange(name, "a name without spaces, colons and braces", value);
}

function expectPositive(name: string, value: number): void {
  expectMilliseconds(name, value);
  if (value <= 0) throw outOfRange(name, "a positive number of milliseconds", value);
}

/** BullMQ's greatest. */
const LAST_PRIORITY = 2_097_152;

/** @internal */
export function checkCallOptions(options: CallOptions): CallOptions {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object", options);
  const { priority, delay, attempts, backoff, deduplicationKey, deadline, onProgress } = options;
  if (priority !== undefined) {
    expectInteger("options.priority", priority, 1);
    if (priority > LAST_PRIORITY)
      throw outOfRange("options.priority", `an integer of 1 to ${LAST_PRIORITY}`, priority);
  }
  if (delay !== undefined) expectInteger("options.delay", delay, 0);
  if (attempts !== undefined) expectInteger("options.attempts", attempts, 1);
  if (backoff !== undefined) checkBackoff(backoff);
  if (deadline !== undefined) expectPositive("options.deadline", deadline);
  if (onProgress !== undefined) expectFunction("options.onProgress", onProgress);
  if (deduplicationKey !== undefined && typeof deduplicationKey !== "string")
    throw wrongType("options.deduplicationKey", "a string", deduplicationKey);
  return options;
}

function checkBackoff(backoff: number | BackoffOptions): void {
  if (typeof backoff === "number") return expectInteger("options.backoff", backoff, 0);
  if (backoff?.type !== "fixed" && backoff?.type !== "exponential")
    throw wrongType("options.backoff.type", '"fixed" or "exponential"', backoff?.type);
  expectInteger("options.backoff.delay", backoff.delay, 0);
  const { jitter = 0 } = backoff;
  if (typeof jitter !== "number") throw wrongType("options.backoff.jitter", "a number", jitter);
  if (!(jitter >= 0 && jitter <= 1))
    throw outOfRange("options.backoff.jitter", "a share, 0 to 1", jitter);
}
