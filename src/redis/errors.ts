/*
 * What can go wrong with Redis: one class per thing that a caller would handle in its own way.
 *
 * Every error names the command; none tells its arguments, which may hold secrets. So the driver's own errors, which
 * carry the arguments, are no causes here. A timeout is both a RedisError and Ambit's TimeoutError: JavaScript has
 * single inheritance, so RedisTimeoutError extends TimeoutError, and `instanceof RedisError` knows it too.
 * Which answer of the server's becomes which class: see replyErrors.ts.
 */
import { TimeoutError } from "../core/errors.ts";

function causedBy(cause: unknown): ErrorOptions | undefined {
  return cause === undefined ? undefined : { cause };
}

/**
 * Anything that goes wrong with Redis: `catch` it to catch them all.
 *
 * A cancel is none, nor is a wrong argument (TypeError, RangeError).
 */
export class RedisError extends Error {
  override readonly name: string = "RedisError";
  /** What was called, such as `"GET"`. */
  readonly command: string;

  /** @internal */
  constructor(command: string, words: string, cause?: unknown) {
    super(`${command}: ${words}`, causedBy(cause));
    this.command = command;
  }

  /** True for every error of this module, {@link RedisTimeoutError} included. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this === RedisError && value instanceof RedisTimeoutError) return true;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** There is no connection, or it broke. */
export class RedisConnectionError extends RedisError {
  override readonly name = "RedisConnectionError";
  /**
   * True when the command had been sent: then nobody knows whether the server has carried it out. When false, it has
   * not, and may be sent again.
   */
  readonly sent: boolean;

  /** @internal */
  constructor(command: string, words: string, sent: boolean, cause?: unknown) {
    super(command, words, cause);
    this.sent = sent;
  }
}

/** The client is closed, or was while the command waited. */
export class RedisClosedError extends RedisError {
  override readonly name = "RedisClosedError";

  /** @internal */
  constructor(command: string) {
    super(command, "the client is closed");
  }
}

/** No answer came in time (`commandTimeout`), or a lock was not to be had in time. */
export class RedisTimeoutError extends TimeoutError {
  override readonly name = "RedisTimeoutError";
  /** What was called, such as `"GET"`. */
  readonly command: string;

  /** @internal */
  constructor(command: string, words: string, deadlineMs: number) {
    super(`${command}: ${words}`, deadlineMs);
    this.command = command;
  }
}

/** The server has answered with an error. The classes below tell the common ones apart. */
export class RedisReplyError extends RedisError {
  override readonly name: string = "RedisReplyError";
  /** The first word of the answer, such as `"WRONGTYPE"` or `"ERR"`. */
  readonly code: string;

  /** @internal */
  constructor(command: string, words: string, code: string) {
    super(command, words);
    this.code = code;
  }
}

/** The key holds a value of another type than the command is for (`WRONGTYPE`). */
export class RedisWrongTypeError extends RedisReplyError {
  override readonly name = "RedisWrongTypeError";
}

/** The server has no memory for a command that writes (`OOM`). */
export class RedisOutOfMemoryError extends RedisReplyError {
  override readonly name = "RedisOutOfMemoryError";
}

/** The server is a replica, or takes no writes (`READONLY`, `MISCONF`, `NOREPLICAS`). */
export class RedisReadOnlyError extends RedisReplyError {
  override readonly name = "RedisReadOnlyError";
}

/** The key belongs to another server of the cluster, or the keys to several (`MOVED`, `ASK`, `CROSSSLOT`, `CLUSTERDOWN`, `TRYAGAIN`). */
export class RedisClusterError extends RedisReplyError {
  override readonly name = "RedisClusterError";
}

/** The password is wrong or missing, or the user may not do that (`WRONGPASS`, `NOAUTH`, `NOPERM`). */
export class RedisPermissionError extends RedisReplyError {
  override readonly name = "RedisPermissionError";
}

/** A script failed, is not known, or holds the server up (`NOSCRIPT`, `BUSY`, `UNKILLABLE`, an error inside it). */
export class RedisScriptError extends RedisReplyError {
  override readonly name = "RedisScriptError";
}

/** The server is still loading its data, or its replica has none yet (`LOADING`, `MASTERDOWN`): try again later. */
export class RedisLoadingError extends RedisReplyError {
  override readonly name = "RedisLoadingError";
}

/** A transaction was not carried out: one of its commands was refused before it began (`EXECABORT`). */
export class RedisTransactionError extends RedisReplyError {
  override readonly name = "RedisTransactionError";
}

/** What was watched has changed, again and again: `watch` has given up. Nothing was written. */
export class RedisWatchError extends RedisError {
  override readonly name = "RedisWatchError";
  /** How often it was tried. */
  readonly attempts: number;

  /** @internal */
  constructor(attempts: number) {
    const words = `the watched keys were changed by others in each of ${attempts} attempts: allow more, or take a lock`;
    super("WATCH", words);
    this.attempts = attempts;
  }
}

/** A lock, or a permit of a semaphore, was lost while it was held: its lease has run out, or somebody has removed it. */
export class RedisLockLostError extends RedisError {
  override readonly name = "RedisLockLostError";
  /** The fencing token of the hold that was lost. */
  readonly token: number;

  /** @internal */
  constructor(lock: string, token: number, words: string, cause?: unknown) {
    super(lock, words, cause);
    this.token = token;
  }
}
