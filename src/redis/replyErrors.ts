/*
 * From the server's error answers, and the driver's errors, to ours.
 *
 * An answer begins with a word in capitals that tells what it is. The server repeats arguments in few of its answers;
 * what it repeats is cut off.
 */
import {
  RedisClusterError,
  RedisConnectionError,
  RedisLoadingError,
  RedisOutOfMemoryError,
  RedisPermissionError,
  RedisReadOnlyError,
  RedisReplyError,
  RedisScriptError,
  RedisTransactionError,
  RedisWrongTypeError,
} from "./errors.ts";

type ReplyErrorClass = new (command: string, words: string, code: string) => RedisReplyError;

const CLASSES: ReadonlyMap<string, ReplyErrorClass> = new Map<string, ReplyErrorClass>([
  ["WRONGTYPE", RedisWrongTypeError],
  ["OOM", RedisOutOfMemoryError],
  ["READONLY", RedisReadOnlyError],
  ["MISCONF", RedisReadOnlyError],
  ["NOREPLICAS", RedisReadOnlyError],
  ["MOVED", RedisClusterError],
  ["ASK", RedisClusterError],
  ["CROSSSLOT", RedisClusterError],
  ["CLUSTERDOWN", RedisClusterError],
  ["TRYAGAIN", RedisClusterError],
  ["WRONGPASS", RedisPermissionError],
  ["NOAUTH", RedisPermissionError],
  ["NOPERM", RedisPermissionError],
  ["NOSCRIPT", RedisScriptError],
  ["BUSY", RedisScriptError],
  ["UNKILLABLE", RedisScriptError],
  ["LOADING", RedisLoadingError],
  ["MASTERDOWN", RedisLoadingError],
  ["EXECABORT", RedisTransactionError],
]);

const CODE = /^([A-Z]{2,}[A-Z0-9]*)(?: |$)/;
/** Where the server repeats what it was given. */
const REPEATED = /,? ?with args beginning with:.*$/s;
const IN_SCRIPT = /\bscript: |^Error (?:running|compiling) script|user_script:/;

/** The error that an answer of the server's means, or null when it is none of its. @internal */
export function replyError(command: string, message: string): RedisReplyError | null {
  const code = CODE.exec(message)?.[1];
  const inScript = IN_SCRIPT.test(message);
  if (code === undefined && !inScript) return null;
  const known = code === undefined ? undefined : CLASSES.get(code);
  const Class = known ?? (inScript ? RedisScriptError : RedisReplyError);
  return new Class(command, message.replace(REPEATED, ""), code ?? "ERR");
}

/** The error that one of the driver's means. @internal */
export function errorOf(command: string, error: unknown, sent: boolean): Error {
  if (!(error instanceof Error)) return new RedisConnectionError(command, String(error), sent);
  const { name, message } = error;
  const byServer = name === "ReplyError" || name === "ErrorReply" || "command" in error;
  if (byServer || CODE.test(message)) {
    const reply = replyError(command, message);
    if (reply !== null) return reply;
    if (byServer) return new RedisReplyError(command, message.replace(REPEATED, ""), "ERR");
  }
  return new RedisConnectionError(command, message, sent);
}

/** Whether the server has refused the connection for good, until its configuration or ours changes. @internal */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && /^(?:WRONGPASS|NOAUTH|NOPERM|ERR)\b/.test(error.message);
}
