/*
 * Checks of what callers hand in.
 *
 * Strategy: every public function checks its arguments before it does anything, and says the parameter, what it
 * should be, and what came. A wrong type is a TypeError, a value out of range a RangeError.
 */
import { inspect } from "node:util";

function got(value: unknown): string {
  // Node shows its async ids on a promise once any AsyncLocalStorage is in use.
  const shown =
    value instanceof Promise ? "Promise" : inspect(value, { depth: 0, breakLength: Infinity });
  const short = shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
  return `got \`${short}\` (${value === null ? "null" : typeof value})`;
}

/** @internal */
export function wrongType(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`Expected \`${name}\` to be ${expected}, ${got(value)}`);
}

/** @internal */
export function outOfRange(name: string, expected: string, value: unknown): RangeError {
  return new RangeError(`Expected \`${name}\` to be ${expected}, ${got(value)}`);
}

/** @internal */
export function expectFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw wrongType(name, "a function", value);
}

/** Checks a number of milliseconds: any number but NaN (negative means "at once", Infinity "never"). @internal */
export function expectMilliseconds(name: string, value: unknown): void {
  if (typeof value !== "number") throw wrongType(name, "a number of milliseconds", value);
  if (Number.isNaN(value)) throw outOfRange(name, "a number of milliseconds", value);
}

/** @internal */
export function expectInteger(name: string, value: unknown, least: number): void {
  if (typeof value !== "number") throw wrongType(name, `an integer of at least ${least}`, value);
  if (!Number.isInteger(value) || value < least) {
    throw outOfRange(name, `an integer of at least ${least}`, value);
  }
}

/** Like {@link expectInteger}, and `Infinity` passes too. @internal */
export function expectLimit(name: string, value: unknown, least: number): void {
  if (value !== Infinity) expectInteger(name, value, least);
}

/** @internal */
export function expectAbortSignal(name: string, value: unknown): void {
  if (!(value instanceof AbortSignal)) throw wrongType(name, "an AbortSignal", value);
}
