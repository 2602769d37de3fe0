/*
 * From the module that was named to the application that it exports.
 *
 * Strategy: what the command line is to blame for (no such file, nothing to serve in it, a language that this Node cannot
 * run) is a UsageError; what the module throws is its own failure, told in one line. Loading is the program's code: it
 * may take its time, and it may throw anything.
 */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { inspect } from "node:util";
import { pathToFileURL } from "node:url";
import { UsageError } from "../usageError.ts";
import { errorLine } from "./errorLine.ts";
import { isServedApp, type ServedApp } from "./servedApp.ts";
import type { Target } from "./values.ts";

/** The program has failed, before it could serve. */
export class AppFailure extends Error {
  override readonly name = "AppFailure";
}

/**
 * The path of the module.
 * @throws {@link UsageError} when there is no such file
 */
export function modulePath({ path, exportName }: Target, folder: string): string {
  const whole = resolve(folder, path);
  const found = statSync(whole, { throwIfNoEntry: false });
  if (found?.isFile()) return whole;
  const hint = exportName === undefined ? "" : `; \`${exportName}\` is taken as one of its exports`;
  if (found?.isDirectory()) throw new UsageError(`${path} is a folder: name the module in it`);
  throw new UsageError(`there is no module ${path}${hint}`);
}

/**
 * Loads the module, and gives its application.
 *
 * **Cancellation:** the module goes on loading; nobody waits for it.
 *
 * @throws {@link UsageError} when it exports none, or this Node cannot run its language
 * @throws {@link AppFailure} when it throws
 */
export async function loadApp(target: Target, folder: string): Promise<ServedApp> {
  const path = modulePath(target, folder);
  const exported = exportOf(target, await imported(target.path, path, folder));
  const app = typeof exported === "function" ? await made(target, exported, folder) : exported;
  if (isServedApp(app)) return app;
  const shown = inspect(app, { depth: 0, breakLength: Infinity }).slice(0, 80);
  const what = typeof exported === "function" ? "made by" : "exported by";
  throw new UsageError(
    `what is ${what} ${target.path} is no application (it has no \`start\`): ${shown}`,
  );
}

type Exports = Readonly<Record<string, unknown>>;

async function imported(name: string, path: string, folder: string): Promise<Exports> {
  try {
    return (await import(pathToFileURL(path).href)) as Exports;
  } catch (error) {
    if (isTypeScript(path) && codeOf(error) === "ERR_UNKNOWN_FILE_EXTENSION") {
      throw new UsageError(
        `${name} is TypeScript, which Node.js ${process.versions.node} cannot run: use 22.18 or newer, or name what it is compiled to`,
      );
    }
    const line = errorLine(error, folder);
    const place = error instanceof SyntaxError && !line.endsWith(")");
    const where = place ? syntaxErrorPlace(path, name) : "";
    throw new AppFailure(`${name} does not load: ${line}${where}`, { cause: error });
  }
}

/** Node tells the place of a syntax error to nobody but the terminal: it is asked once more. */
function syntaxErrorPlace(path: string, name: string): string {
  const { stderr } = spawnSync(process.execPath, [...process.execArgv, "--check", path], {
    encoding: "utf8",
    timeout: 5000,
  });
  const [, line] = /:(\d+)\n/.exec(stderr ?? "") ?? [];
  return line === undefined ? "" : ` (${name}:${line})`;
}

function isTypeScript(path: string): boolean {
  return /\.[mc]?tsx?$/.test(path);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

function exportOf({ path, exportName }: Target, exports: Exports): unknown {
  const names = exportName === undefined ? ["default", "app"] : [exportName];
  const name = names.find((each) => exports[each] !== undefined);
  if (name !== undefined) return withoutWrapper(exports[name]);
  const wanted =
    exportName === undefined
      ? "has neither a default export nor one named `app`"
      : `has no export \`${exportName}\``;
  const others = Object.keys(exports).filter((each) => each !== "default");
  const list = others.length === 0 ? "" : `; it exports ${others.slice(0, 8).join(", ")}`;
  throw new UsageError(`${path} ${wanted}${list}`);
}

/** A module that was compiled to CommonJS has its default export in an object. */
function withoutWrapper(value: unknown): unknown {
  if (typeof value !== "object" || value === null || isServedApp(value)) return value;
  const { default: inner, app } = value as { readonly default?: unknown; readonly app?: unknown };
  return inner ?? app ?? value;
}

async function made(target: Target, make: unknown, folder: string): Promise<unknown> {
  try {
    return await (make as () => unknown)();
  } catch (error) {
    throw new AppFailure(
      `making the application of ${target.path} failed: ${errorLine(error, folder)}`,
      { cause: error },
    );
  }
}
