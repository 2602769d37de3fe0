/*
 * Parcels: errors on their way between threads.
 *
 * Strategy: structured clone keeps of an error its message and stack, and turns a class of the user's into a bare Error.
 * So an error travels as a record (the names of its classes, name, message, stack, own properties, errors among these
 * packed alike) and is put together again with the first of its classes that the receiving side has.
 * Limits: what cannot be cloned is left out, and so are private (`#`) fields; causes deeper than eight are cut.
 */
import { inspect, types } from "node:util";
import { CancelledError } from "../core/errors.ts";
import { combineErrors, suppressedErrors } from "../core/suppressedErrors.ts";
import { classAmong, classesOf, type ClassMark, findClasses } from "./errorClasses.ts";
import { trimmed } from "./errorStacks.ts";

/** An error as it travels. @internal */
export interface ErrorParcel {
  readonly classes: readonly ClassMark[];
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly properties: readonly PropertyParcel[];
  readonly suppressed: readonly ThrownParcel[];
}

/** A property of an error; `hidden` ones are not listed, as `cause` is not. */
interface PropertyParcel {
  readonly key: string;
  readonly hidden: boolean;
  readonly value: ThrownParcel;
}

/** Anything that was thrown, or belongs to what was. @internal */
export type ThrownParcel =
  | { readonly error: ErrorParcel }
  | { readonly list: readonly ThrownParcel[] }
  | { readonly value: unknown };

/** Causes deeper than this are left out: a circle of causes must not hang. */
const DEPTH = 8;

/** @internal */
export function packThrown(thrown: unknown): ThrownParcel {
  return pack(thrown, DEPTH) ?? { value: inspect(thrown) };
}

/** Undefined for what cannot travel. */
function pack(value: unknown, depth: number): ThrownParcel | undefined {
  if (isError(value)) return depth < 0 ? undefined : { error: packError(value, depth) };
  if (Array.isArray(value) && value.some(isError)) {
    const list = value.map((each) => pack(each, depth) ?? { value: String(each) });
    return { list };
  }
  return cloneable(value) ? { value } : undefined;
}

function packError(error: Error, depth: number): ErrorParcel {
  const { name, message, stack } = error;
  return {
    classes: classesOf(error),
    name: textOf(name),
    message: textOf(message),
    stack: trimmed(textOf(stack)),
    properties: propertiesOf(error, depth),
    suppressed: suppressedErrors(error).flatMap((each) => pack(each, depth - 1) ?? []),
  };
}

/** Whatever somebody has put there. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : inspect(value);
}

function propertiesOf(error: Error, depth: number): PropertyParcel[] {
  const properties: PropertyParcel[] = [];
  for (const key of Object.getOwnPropertyNames(error)) {
    if (key === "stack" || key === "message") continue;
    const value = pack(read(error, key), depth - 1);
    if (value === undefined) continue;
    properties.push({
      key,
      hidden: !Object.prototype.propertyIsEnumerable.call(error, key),
      value,
    });
  }
  return properties;
}

/** A getter may throw. */
function read(error: Error, key: string): unknown {
  try {
    return error[key as keyof Error];
  } catch {
    return undefined;
  }
}

/** What was thrown, or a promise of it when a class of it must be looked for. @internal */
export function unpackThrown(parcel: ThrownParcel): unknown {
  const unknown = unknownClasses(parcel);
  if (unknown.length === 0) return unpack(parcel);
  return new Arriving(findClasses(unknown).then(() => unpack(parcel)));
}

/** What was thrown, at once: of a class that must be looked for, it is an Error. @internal */
export function unpackNow(parcel: ThrownParcel): unknown {
  return unpack(parcel);
}

/** What was thrown, on its way: not a promise itself, for a promise may have been thrown. @internal */
export class Arriving {
  readonly thrown: Promise<unknown>;

  constructor(thrown: Promise<unknown>) {
    this.thrown = thrown;
  }
}

/** Unpacks it, and tells when its classes are there: at once, where they are. @internal */
export function whenArrived(parcel: ThrownParcel, then: (thrown: unknown) => void): void {
  const thrown = unpackThrown(parcel);
  if (thrown instanceof Arriving) void thrown.thrown.then(then);
  else then(thrown);
}

function unknownClasses(parcel: ThrownParcel): ClassMark[] {
  if ("value" in parcel) return [];
  if ("list" in parcel) return parcel.list.flatMap(unknownClasses);
  const { classes, properties, suppressed } = parcel.error;
  const inside = [...properties.map(({ value }) => value), ...suppressed].flatMap(unknownClasses);
  return classAmong(classes) === undefined ? [...classes, ...inside] : inside;
}

function unpack(parcel: ThrownParcel): unknown {
  if ("value" in parcel) return parcel.value;
  if ("list" in parcel) return parcel.list.map(unpack);
  const { name, message, stack, properties, suppressed } = parcel.error;
  const error = bare(parcel.error);
  put(error, "stack", stack, true);
  for (const { key, hidden, value } of properties) put(error, key, unpack(value), hidden);
  if (error.name !== name) put(error, "name", name, true);
  if (error.message !== message) put(error, "message", message, true);
  combineErrors([error, ...suppressed.map(unpack)]);
  return error;
}

/** Of the right class, with nothing in it but its message. */
function bare({ classes, name, message }: ErrorParcel): Error {
  const Class = classAmong(classes) ?? (name === "CancelledError" ? CancelledError : Error);
  if ((Class as unknown) === DOMException) return new DOMException(message, name);
  const error = new Error(message);
  Object.setPrototypeOf(error, Class.prototype as object);
  return error;
}

function put(error: Error, key: string, value: unknown, hidden: boolean): void {
  Object.defineProperty(error, key, {
    value,
    configurable: true,
    writable: true,
    enumerable: !hidden,
  });
}

/** Also one of another realm (`node:vm`), which is no instance of this one's Error. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

function cloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
