/*
 * The classes of errors that cross from one thread to another.
 *
 * Strategy: a class is named as a function is, by the module it was written in and its own name, which V8 tells of any
 * class; or by a name that both sides have given it (`errorClass`). The receiving side looks among the modules that it
 * has loaded already, and loads none: what comes back from a worker never makes the program run code that it did not
 * choose to, and who has not loaded a class cannot ask for it with `instanceof` either. Of the class only the prototype is
 * used; no constructor runs.
 * Limits: a module that loads only while its own top level waits for the call is not waited for longer than a second.
 */
import { expectFunction, wrongType } from "../core/arguments.ts";
import * as core from "../core/errors.ts";
import { ExceptionGroup } from "../core/exceptionGroup.ts";
import { moduleUrl, originOf, scriptUrls } from "../core/location.ts";
import { getRunningLoop } from "../core/scope.ts";
import * as queues from "../queues/errors.ts";
import * as sync from "../sync/errors.ts";
import * as futures from "./errors.ts";
import { isEntry } from "./reference.ts";

type ErrorClass = abstract new (...args: never[]) => Error;

/** How a class is named on the way: by a name that both sides know, or by its module. @internal */
export type ClassMark =
  | { readonly known: string }
  | { readonly url: string; readonly name: string };

/** The longest chain of classes that is looked at. */
const LONGEST = 10;
/** How long a module that is loaded already may take to be imported once more, in milliseconds. */
const PATIENCE = 1000;
/** How long a class that was not found is not looked for again, in milliseconds. */
const FORGET = 10_000;

const known = new Map<string, ErrorClass>();
const names = new WeakMap<object, string>();

function know(name: string, Class: ErrorClass): void {
  known.set(name, Class);
  names.set(Class, name);
}

const BUILT_IN = [
  Error,
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  DOMException,
] as const;
const OWN = { ...core, ...sync, ...queues, ...futures, ExceptionGroup };

for (const Class of BUILT_IN) know(Class.name, Class);
for (const [name, Class] of Object.entries(OWN))
  if (isErrorClass(Class)) know(`ambit.${name}`, Class);

/**
 * Names a class of errors, so that an executor's worker and the program that called mean the same class: for bundles, where
 * each side has a copy of the class in a file of its own. The module that calls this is loaded on both sides.
 *
 * Elsewhere there is no need for it: a class is found by the module that it is written in, if the program has loaded that.
 *
 * @param name the same on both sides, and of no other class; a second class of that name takes its place
 * @returns the class
 * @throws TypeError when `name` is no text or is empty, or `Class` is no class of errors
 *
 * @example
 * ```ts
 * import { errorClass } from "ambit/futures";
 *
 * class OutOfPaper extends Error {
 *   readonly sheets = 0;
 * }
 * errorClass("printer.OutOfPaper", OutOfPaper) === OutOfPaper; // => true
 * ```
 */
export function errorClass<C extends abstract new (...args: never[]) => Error>(
  name: string,
  Class: C,
): C {
  if (typeof name !== "string" || name === "") throw wrongType("name", "a name", name);
  expectFunction("Class", Class);
  if (!isErrorClass(Class)) throw wrongType("Class", "a class that extends Error", Class);
  know(`own.${name}`, Class);
  return Class;
}

function isErrorClass(value: unknown): value is ErrorClass {
  return (
    typeof value === "function" &&
    (value.prototype === Error.prototype || value.prototype instanceof Error)
  );
}

/** The classes of an error that can be named, its own first; the last is one that every side knows. @internal */
export function classesOf(error: Error): ClassMark[] {
  const marks: ClassMark[] = [];
  let at: object | null = Object.getPrototypeOf(error) as object | null;
  for (let steps = 0; at !== null && steps < LONGEST; steps++) {
    const Class = ownConstructor(at);
    const name = Class === undefined ? undefined : names.get(Class);
    if (name !== undefined) {
      marks.push({ known: name });
      if (!name.startsWith("own.")) break;
    } else if (Class !== undefined) {
      const origin = originOf(Class as never);
      const url = origin === undefined ? undefined : moduleUrl(origin.url);
      if (url !== undefined && Class.name !== "") marks.push({ url, name: Class.name });
    }
    at = Object.getPrototypeOf(at) as object | null;
  }
  return marks;
}

function ownConstructor(prototype: object): ErrorClass | undefined {
  const found = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value as unknown;
  return typeof found === "function" ? (found as ErrorClass) : undefined;
}

interface Missing {
  readonly until: number;
}

const found = new Map<string, ErrorClass | Missing>();
let finding: Promise<unknown> = Promise.resolve();

const keyOf = ({ url, name }: { url: string; name: string }): string => `${url}#${name}`;

/** The first of the classes that is known here; undefined when somebody must first look for one. @internal */
export function classAmong(marks: readonly ClassMark[]): ErrorClass | null | undefined {
  for (const mark of marks) {
    if ("known" in mark) {
      const Class = known.get(mark.known);
      if (Class !== undefined) return Class;
      continue;
    }
    const Class = found.get(keyOf(mark));
    if (typeof Class === "function") return Class;
    if (Class === undefined || Class.until <= getRunningLoop().time()) return undefined;
  }
  return null;
}

/** Looks for those classes among the modules that are loaded. @internal */
export function findClasses(marks: readonly ClassMark[]): Promise<void> {
  const looking = look(marks);
  finding = Promise.allSettled([finding, looking]);
  return looking;
}

/** Ends when every class that is being looked for was found, or not. @internal */
export async function classesFound(): Promise<void> {
  await finding;
}

async function look(marks: readonly ClassMark[]): Promise<void> {
  const loaded = scriptUrls();
  for (const mark of marks) {
    if ("known" in mark || typeof found.get(keyOf(mark)) === "function") continue;
    const Class =
      loaded.has(mark.url) && !isEntry(mark.url) ? await classIn(mark.url, mark.name) : undefined;
    found.set(keyOf(mark), Class ?? { until: getRunningLoop().time() + FORGET });
  }
}

async function classIn(url: string, name: string): Promise<ErrorClass | undefined> {
  const exports = await soon(import(url) as Promise<Record<string, unknown>>);
  if (exports === undefined) return undefined;
  const inside = exports["default"];
  const candidates = [
    ...Object.values(exports),
    ...(typeof inside === "object" && inside !== null ? Object.values(inside) : []),
  ];
  return candidates.find((each) => isErrorClass(each) && each.name === name) as
    | ErrorClass
    | undefined;
}

/** What a module exports, unless that takes long or fails. */
function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = getRunningLoop().callLater(PATIENCE, () => resolve(undefined));
    const end = (value?: T): void => {
      timer.cancel();
      resolve(value);
    };
    promise.then(end, () => end());
  });
}
