/*
 * Functions by a name that holds on every machine, where files lie elsewhere: for `ambit/distributed`.
 *
 * Strategy: both sides load the module that names the function; what travels is the name, and a version, so that a worker
 * with other code refuses a call rather than misunderstands it.
 */
import { expectFunction, wrongType } from "../core/arguments.ts";

/** What else is said of a function that is named. */
export interface TaskSettings {
  /** Changes when callers and workers of two versions would not understand each other. Default `"1"`. */
  readonly version?: string;
}

type AnyFunction = (...args: never[]) => unknown;

/** A named function. @internal */
export interface RegisteredTask {
  readonly name: string;
  readonly version: string;
  readonly fn: AnyFunction;
}

const byName = new Map<string, RegisteredTask>();
const byFunction = new WeakMap<AnyFunction, RegisteredTask>();

/** @internal */
export function register<F extends AnyFunction>(
  name: unknown,
  fn: F,
  { version = "1" }: TaskSettings = {},
): F {
  if (typeof name !== "string" || name === "")
    throw wrongType("name", "a name such as `mail.send`", name);
  expectFunction("fn", fn);
  if (typeof version !== "string") throw wrongType("settings.version", "a string", version);
  const registered = { name, version, fn };
  byName.set(name, registered);
  byFunction.set(fn, registered);
  return fn;
}

/** @internal */
export function taskNamed(name: string): RegisteredTask | undefined {
  return byName.get(name);
}

/** @internal */
export function nameOf(fn: AnyFunction): RegisteredTask | undefined {
  return byFunction.get(fn);
}

/** The names of all, sorted. @internal */
export function taskNames(): string[] {
  return [...byName.keys()].sort();
}
