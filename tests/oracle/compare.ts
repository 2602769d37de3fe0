/*
 * Comparing two results: the same lines in the same order, the same end at the same time.
 *
 * One licence: where CPython gives a CancelledError no message, Ambit may give one. CPython drops the message of a cancel
 * on the way (it goes to the first who asks what became of the task, and no further; groups and shields do not pass it
 * on), Ambit does not. Where CPython gives one, Ambit's must be that.
 */
import type { Result } from "./cpython.ts";

const UNSAID = "CancelledError()";
const SAID = /CancelledError\([^()]*\)/g;

/** Where they differ first: the index of a line, or null when they agree. */
export function firstDifference(expected: Result, actual: Result, messages = true): number | null {
  const length = Math.max(expected.log.length, actual.log.length);
  for (let at = 0; at < length; at++) {
    const line = expected.log[at];
    if (!sameLine(messages ? line : line?.replaceAll(SAID, UNSAID), actual.log[at])) return at;
  }
  return expected.end === actual.end && expected.time === actual.time ? null : length;
}

/** `messages: false` leaves the messages of cancellations aside. */
export function agree(expected: Result, actual: Result, messages = true): boolean {
  return firstDifference(expected, actual, messages) === null;
}

function sameLine(expected: string | undefined, actual: string | undefined): boolean {
  if (expected === actual) return true;
  if (expected === undefined || actual === undefined || !expected.includes(UNSAID)) return false;
  const pattern = expected
    .split(UNSAID)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("CancelledError\\([^()]*\\)");
  return new RegExp(`^${pattern}$`).test(actual);
}
