/*
 * References: how a function is named so that another thread finds it. Never its source.
 *
 * Strategy: a module's URL and the name of an export, like Python's pickle. For a bare function V8 tells which module it
 * was written in; that module is imported and the export looked for that is this very function. `task` and `pool.module`
 * say it outright: no lookup, and safe in a bundle.
 * Limits: the entry module is refused (a worker that imports it would run the program once more), and so is whatever is
 * not exported: closures, methods, functions of a single-file bundle.
 */
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expectFunction, wrongType } from "../core/arguments.ts";
import { moduleUrl, originOf } from "../core/location.ts";
import { UnreachableFunctionError } from "./errors.ts";
import { nameOf, register, type TaskSettings } from "./registered.ts";

/** Any function. */
export type Callable = (...args: never[]) => unknown;

/** Where a worker finds a function. @internal */
export interface Reference {
  readonly url: string;
  /** The export's name; `default.name` for a property of a CommonJS module's exports. */
  readonly name: string;
}

const known = new WeakMap<Callable, Reference | Promise<Reference>>();

/**
 * Says where a function is exported, so that an executor need not look for it; or, without a URL, gives it a name that
 * holds on every machine, for `ambit/distributed`.
 *
 * With a URL: for bundles, and for functions of the entry module's own file when that is safe to import again. With a name
 * alone: the program and its workers on other machines load the same tasks from files of their own, and mean the same
 * function by its name. Both can be: `task(import.meta.url, "send", task("mail.send", fn))`.
 *
 * @param url the module's `import.meta.url`
 * @param name the name under which it is exported; or the one that holds everywhere: the same on all sides, and of no
 *   other function. A second function of that name takes its place
 * @returns the function itself
 * @throws TypeError when `url` is not a URL, `fn` not a function, a name empty, or a version no text
 *
 * @example
 * ```ts
 * import { task } from "ambit/futures";
 *
 * export const add = task(import.meta.url, "add", (a: number, b: number) => a + b);
 * add(40, 2); // => 42
 * ```
 */
export function task<F extends Callable>(url: string | URL, name: string, fn: F): F;
export function task<F extends Callable>(name: string, fn: F, settings?: TaskSettings): F;
export function task<F extends Callable>(
  first: string | URL,
  second: string | F,
  third?: F | TaskSettings,
): F {
  if (typeof second === "function") return register(first, second, third as TaskSettings);
  return locate(first, second, third as F);
}

function locate<F extends Callable>(url: string | URL, name: string, fn: F): F {
  expectFunction("fn", fn);
  if (!URL.canParse(String(url)))
    throw wrongType("url", "a module's URL, such as import.meta.url", url);
  known.set(fn, { url: String(url), name });
  return fn;
}

/** The reference of a function: at once when it is known, otherwise after its module was looked at. @internal */
export function referenceTo(fn: Callable): Reference | Promise<Reference> {
  const before = known.get(fn);
  if (before !== undefined) return before;
  const found = find(fn);
  known.set(fn, found);
  found.then(
    (reference) => known.set(fn, reference),
    () => known.delete(fn),
  );
  return found;
}

/** What a function is called, the same each time; empty when it has no name. @internal */
export function nameFor(fn: Callable): string {
  const reference = known.get(fn);
  const exported = reference instanceof Promise ? undefined : reference?.name;
  return nameOf(fn)?.name ?? (fn.name || (exported ?? ""));
}

async function find(fn: Callable): Promise<Reference> {
  const url = moduleOf(fn);
  if (isEntry(url)) throw unreachable(fn, `it is written in the entry module ${url}`);
  const exports = await exportsOf(url, fn);
  const name = nameIn(exports, fn) ?? nameIn(exports["default"], fn, "default.");
  if (name === undefined) throw unreachable(fn, `it is no export of ${url}`);
  return { url, name };
}

async function exportsOf(url: string, fn: Callable): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (cause) {
    throw unreachable(fn, `its module ${url} cannot be imported`, { cause });
  }
}

function moduleOf(fn: Callable): string {
  const origin = originOf(fn);
  if (origin === undefined) throw unreachable(fn, "it is native or bound, and has no module");
  const url = moduleUrl(origin.url);
  if (url !== undefined) return url;
  throw unreachable(fn, `it was evaluated (${origin.url}), and no module has it`);
}

let entries: ReadonlySet<string> | null = null;

/** A module that is still being evaluated cannot be awaited by itself; and no worker should run the program again. @internal */
export function isEntry(url: string): boolean {
  entries ??= entryUrls(process.argv[1]);
  return entries.has(url);
}

/** The entry may be named without its ending, by its folder, or by a link. */
function entryUrls(entry: string | undefined): ReadonlySet<string> {
  const urls = new Set<string>();
  if (entry === undefined) return urls;
  urls.add(pathToFileURL(entry).href);
  try {
    const file = createRequire(import.meta.url).resolve(resolve(entry));
    for (const path of [file, realpathSync(file)]) urls.add(pathToFileURL(path).href);
  } catch {
    // It is no file: a name that the runtime made up.
  }
  return urls;
}

function nameIn(exports: unknown, fn: Callable, prefix = ""): string | undefined {
  if (typeof exports !== "object" || exports === null) return undefined;
  const found = Object.entries(exports).find(([, value]) => value === fn);
  return found === undefined ? undefined : `${prefix}${found[0]}`;
}

function unreachable(fn: Callable, why: string, options?: ErrorOptions): UnreachableFunctionError {
  const name = fn.name === "" ? "the anonymous function" : `the function '${fn.name}'`;
  return new UnreachableFunctionError(
    `submit of ${name}, which another thread cannot find: ${why}. ` +
      "Export it from a module of its own and import it from there, name it with task(import.meta.url, name, fn), " +
      'or call it by pool.module(new URL("./tasks.js", import.meta.url))',
    options,
  );
}
