/*
 * The one place where this folder calls the system.
 *
 * Strategy: a call runs in a thread of Node's pool and can't be called back. So a cancel that comes before it stops it,
 * and one that comes while it runs waits until it is done: its result is given, and the next wait throws. Nothing is
 * closed, removed or reported under a call that still runs.
 * Limits: who must get on in spite of a cancel, to close or to remove what it made, calls within `protect`.
 */
import type { Wait } from "../core/suspension.ts";
import { uninterruptible } from "../core/uninterruptible.ts";
import { descriptorClosed } from "./descriptorLine.ts";
import { fileError } from "./errors.ts";

/** How Node tells the end of a call. @internal */
export type Done<T> = (error: NodeJS.ErrnoException | null, value?: T) => void;

/**
 * Makes one call of the system.
 *
 * **Cancellation:** not begun when a cancel was asked for; once begun, waited for to its end.
 *
 * @param operation how users call it
 * @param path the file it is for
 * @param begin makes the call, and hands `done` to Node as the callback
 * @throws {@link FileError} when the system can't do it
 * @internal
 */
export function systemCall<T>(
  operation: string,
  path: string,
  begin: (done: Done<T>) => void,
): Promise<T> {
  const start = (wait: Wait<T>): void => {
    try {
      begin((error, value) => {
        if (error === null || error === undefined) wait.resolve(value as T);
        else wait.reject(fileError(operation, path, error));
      });
    } catch (error) {
      // Node refuses some paths before it asks the system.
      wait.reject(fileError(operation, path, error));
    }
  };
  return uninterruptible<T>(start, undefined, `${operation} ${path}`);
}

/** A call that gives a descriptor back. @internal */
export async function closingCall(path: string, begin: (done: Done<void>) => void): Promise<void> {
  try {
    await systemCall("close", path, begin);
  } finally {
    descriptorClosed();
  }
}
