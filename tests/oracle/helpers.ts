/*
 * What the JavaScript of a program calls besides the API, and the words in which both sides log values.
 */
import type * as AmbitApi from "../../src/index.ts";

class E1 extends Error {
  override name = "E1";
}

class E2 extends Error {
  override name = "E2";
}

/** Errors that CPython has no class for, by what it throws in their place. */
const PYTHON_NAMES: Readonly<Record<string, string>> = {
  LockNotHeldError: "RuntimeError",
  TaskGroupClosedError: "RuntimeError",
  TooManyReleasesError: "ValueError",
  TaskDoneError: "ValueError",
  RescheduleError: "RuntimeError",
};

interface Outcome {
  done(): boolean;
  cancelled(): boolean;
  exception(): unknown;
  result(): unknown;
}

export class Helpers {
  readonly #api: typeof AmbitApi;
  readonly given: Readonly<Record<string, unknown>>;

  constructor(api: typeof AmbitApi) {
    this.#api = api;
    this.given = { E1, E2, items, call, places, labelled, state, reschedule: rescheduleOn(api) };
  }

  words(value: unknown, around: readonly Error[] = []): string {
    if (value === null || value === undefined) return "-";
    if (Array.isArray(value)) return `[${value.map((each) => this.words(each, around)).join(" ")}]`;
    if (value instanceof Error) return this.#errorWords(value, around);
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  #errorWords(error: Error, around: readonly Error[]): string {
    const { CancelledError, suppressedErrors } = this.#api;
    if (error instanceof CancelledError)
      return `CancelledError(${(error.reason as string | undefined) ?? ""})`;
    // Two groups may each have had the other's error later.
    const later = around.includes(error) ? [] : suppressedErrors(error);
    const name = PYTHON_NAMES[error.name] ?? error.name;
    return name + (later.length > 0 ? `+${this.words(later, [...around, error])}` : "");
  }
}

/** Those that are there: a slot whose task was not made yet is empty. */
function items(...them: unknown[]): unknown[] {
  return them.filter((each) => each !== null);
}

/** A body for a task: the function, with the label that it was given. */
function call(fn: (me: string) => unknown, me: string): () => unknown {
  return () => fn(me);
}

/** A callback with the label that it was given. */
function labelled(
  me: string,
  callback: (me: string, argument: unknown) => void,
): (argument: unknown) => void {
  return (argument) => callback(me, argument);
}

/** The label of what a function starts: the starter's own, the place, and a number. */
function places(): (me: string, place: number) => string {
  let count = 0;
  return (me, place) => `${me}/${place}.${++count}`;
}

function state(future: Outcome): unknown {
  if (!future.done()) return "pending";
  if (future.cancelled()) return "cancelled";
  return future.exception() ?? future.result();
}

/** CPython throws a RuntimeError here. */
function rescheduleOn(api: typeof AmbitApi): (timeout: AmbitApi.Timeout, by: number) => void {
  return (timeout, by) => {
    try {
      timeout.reschedule(api.getRunningLoop().time() + by);
    } catch (error) {
      const translated = new Error((error as Error).message);
      translated.name = "RescheduleError";
      throw translated;
    }
  };
}
