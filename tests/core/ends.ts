/*
 * What a promise, a task or a future ends with, in words.
 */
import { CancelledError } from "ambit";

/** `value 42`, `cancelled`, `error disk full`. */
export function endOf(work: PromiseLike<unknown>): Promise<string> {
  return describeEnd(work, (error) =>
    error instanceof CancelledError ? "cancelled" : `error ${error.message}`,
  );
}

/** `value 42`, or the name of the error. */
export function nameOfEnd(work: PromiseLike<unknown>): Promise<string> {
  return describeEnd(work, (error) => error.name);
}

/** `value 42`, or the error as text: `Error: disk full`. */
export function textOfEnd(work: PromiseLike<unknown>): Promise<string> {
  return describeEnd(work, String);
}

async function describeEnd(
  work: PromiseLike<unknown>,
  words: (error: Error) => string,
): Promise<string> {
  try {
    return `value ${String(await work)}`;
  } catch (error) {
    return words(error as Error);
  }
}
