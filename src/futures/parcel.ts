/*
 * Parcels: errors on their way between threads.
 *
 * Strategy: structured clone keeps of an error its message and stack, and turns a class of the user's into a bare Error.
 * So an error travels as a record (name, message, stack, cause, own fields) and is put together again with the class,
 * where the class is one of JavaScript's or of Ambit's; otherwise it is an Error with that `name`.
 * Limits: a field that cannot be cloned is left out.
 */
import { CancelledError, InvalidStateError, TimeoutError } from "../core/errors.ts";

/** An error as it travels. @internal */
export interface ErrorParcel {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly fields: Record<string, unknown>;
  readonly cause?: ThrownParcel;
  readonly errors?: readonly ThrownParcel[];
}

/** Anything that was thrown. @internal */
export type ThrownParcel = { readonly error: ErrorParcel } | { readonly value: unknown };

const CLASSES: Record<string, { readonly prototype: Error }> = {
  AggregateError,
  CancelledError,
  EvalError,
  InvalidStateError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TimeoutError,
  TypeError,
  URIError,
};

/** Causes deeper than this are left out: a circle of causes must not hang. */
const DEPTH = 8;

/** @internal */
export function packThrown(thrown: unknown, depth: number = DEPTH): ThrownParcel {
  if (!(thrown instanceof Error)) return { value: cloneable(thrown) ? thrown : String(thrown) };
  const { name, message, stack = "", cause } = thrown;
  const errors = thrown instanceof AggregateError ? thrown.errors : undefined;
  return {
    error: {
      name,
      message,
      stack,
      fields: fieldsOf(thrown),
      ...(cause === undefined || depth === 0 ? {} : { cause: packThrown(cause, depth - 1) }),
      ...(errors === undefined || depth === 0
        ? {}
        : { errors: errors.map((each) => packThrown(each, depth - 1)) }),
    },
  };
}

/** @internal */
export function unpackThrown(parcel: ThrownParcel): unknown {
  if ("value" in parcel) return parcel.value;
  const { name, message, stack, fields, cause, errors } = parcel.error;
  const error = new Error(message);
  Object.setPrototypeOf(error, CLASSES[name]?.prototype ?? Error.prototype);
  hide(error, "stack", stack);
  if (error.name !== name) hide(error, "name", name);
  if (cause !== undefined) hide(error, "cause", unpackThrown(cause));
  if (errors !== undefined) hide(error, "errors", errors.map(unpackThrown));
  return Object.assign(error, fields);
}

/** As a constructor would have it: there, but not listed. */
function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

function fieldsOf(error: Error): Record<string, unknown> {
  const fields = Object.entries(error).filter(
    ([key, value]) => key !== "cause" && key !== "errors" && cloneable(value),
  );
  return Object.fromEntries(fields);
}

function cloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
