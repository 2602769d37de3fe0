/*
 * References: how a function is named so that another thread finds it. Never its source.
 *
 * Strategy: a module's URL and the name of an export, like Python's pickle. For a bare function V8 tells which module it
 * was written in; that module is imported and the export looked for that is this very function. `task` and `pool.module`
 * say it outright: no lookup, and safe in a bundle.
 * Limits: the entry module is refused (a worker that imports it would run the program once more), and so is whatever is
 * not exported: closures, methods, functions of a single-file bundle.
 */
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { expectFunction, wrongType } from "../core/arguments.ts";
import { originOf } from "../core/location.ts";
import { UnreachableFunctionError } from "./errors.ts";

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
 * Says where a function is exported, so that an executor need not look for it.
 *
 * For bundles, and for functions of the entry module's own file when that is safe to import again.
 *
 * @param url the module's `import.meta.url`
 * @param name the name under which it is exported
 * @returns the function itself
 * @throws TypeError when `url` is not a URL or `fn` not a function
 *
 * @example
 * ```ts
 * import { task } from "ambit/futures";
 *
 * export const add = task(import.meta.url, "add", (a: number, b: number) => a + b);
 * add(40, 2); // => 42
 * ```
 */
export function task<F extends Callable>(url: string | URL, name: string, fn: F): F {
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
  if (URL.canParse(origin.url)) return origin.url;
  // CommonJS modules go by their path; code that was evaluated goes by a name such as `[eval1]`.
  if (isAbsolute(origin.url)) return pathToFileURL(origin.url).href;
  throw unreachable(fn, `it was evaluated (${origin.url}), and no module has it`);
}

/** A module that is still being evaluated cannot be awaited by itself; and no worker should run the program again. */
function isEntry(url: string): boolean {
  const entry = process.argv[1];
  return entry !== undefined && url === pathToFileURL(entry).href;
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
      "Export it from a module of its own and import it from there, or name it with task(import.meta.url, name, fn)",
    options,
  );
}
