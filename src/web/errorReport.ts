/*
 * ErrorReport: all that a developer wants to know of an error, as data; the pages of debug mode show it.
 *
 * Strategy: an error and what came with it (causes, the errors of a group, those that were suppressed) become a flat
 * list, each with its place in the user's code. Anything may be thrown, so nothing is trusted: getters may throw, causes
 * may go in circles. Lines of source are read from disk at once, without waiting: only debug mode gets here.
 * Limits: 16 errors, 40 frames each; source only of files that are code, so that no text in an error has others read.
 */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { inspect } from "node:util";
import { framesIn } from "../core/frames.ts";
import { suppressedErrors } from "../core/suppressedErrors.ts";

const MOST_ERRORS = 16;
const MOST_FRAMES = 40;
const LARGEST_SOURCE = 1 << 20;
const LINES_AROUND = 4;
const CODE = /\.[cm]?[jt]sx?$/;

/** One error. @internal */
export interface ErrorReport {
  /** How it comes to be here: empty for the first, `caused by`, `one of its errors`, `suppressed`. */
  readonly relation: string;
  readonly name: string;
  readonly message: string;
  /** The user's own frames first, then those of packages; none of Node's and Ambit's. */
  readonly frames: readonly string[];
  /** The whole stack, or what the value looks like when it's no error. */
  readonly stack: string;
  readonly source: SourceLines | null;
}

/** The lines around a place. @internal */
export interface SourceLines {
  /** `src/app.ts:12`. */
  readonly place: string;
  readonly lines: readonly { readonly number: number; readonly text: string }[];
  /** Which of them it is. */
  readonly line: number;
}

/** The error, and what came with it. @internal */
export function reportsOf(error: unknown): ErrorReport[] {
  const reports: ErrorReport[] = [];
  const seen = new Set<unknown>();
  const open: [unknown, string][] = [[error, ""]];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const [value, relation] = next;
    if (seen.has(value) || reports.length === MOST_ERRORS) continue;
    seen.add(value);
    reports.push(reportOf(value, relation, reports.length === 0));
    if (typeof value === "object" && value !== null) open.push(...companionsOf(value));
  }
  return reports;
}

function companionsOf(error: object): [unknown, string][] {
  const companions: [unknown, string][] = [];
  const cause = read(error, "cause");
  if (cause !== undefined) companions.push([cause, "caused by"]);
  const errors = read(error, "errors");
  if (Array.isArray(errors))
    for (const each of errors) companions.push([each, "one of its errors"]);
  for (const each of suppressedErrors(error)) companions.push([each, "suppressed"]);
  return companions;
}

function reportOf(value: unknown, relation: string, withSource: boolean): ErrorReport {
  if (!(value instanceof Error)) {
    const shown = shownAs(value);
    return { relation, name: "thrown", message: shown, frames: [], stack: shown, source: null };
  }
  const message = textOf(value, "message");
  const stack = textOf(value, "stack");
  const frames = framesOf(stack, message);
  const own = frames.filter(({ file }) => !isPackage(file));
  const packages = frames.filter(({ file }) => isPackage(file));
  const [nearest] = own;
  return {
    relation,
    name: textOf(value, "name") || "Error",
    message,
    frames: [...own, ...packages].slice(0, MOST_FRAMES).map(String),
    stack,
    source: withSource && nearest !== undefined ? sourceAt(nearest.file, nearest.line) : null,
  };
}

/** A message may hold lines that look like frames: a visitor may have written them. */
function framesOf(stack: string, message: string): ReturnType<typeof framesIn> {
  const at = stack.indexOf(message);
  return at === -1 ? [] : framesIn(stack.slice(at + message.length));
}

function isPackage(file: string): boolean {
  return /(^|[/\\])node_modules[/\\]/.test(file);
}

function sourceAt(file: string, line: number): SourceLines | null {
  const path = resolve(file);
  try {
    if (!CODE.test(path) || statSync(path).size > LARGEST_SOURCE) return null;
    const all = readFileSync(path, "utf8").split("\n");
    if (line > all.length) return null;
    const from = Math.max(1, line - LINES_AROUND);
    const lines = all
      .slice(from - 1, line + LINES_AROUND)
      .map((text, index) => ({ number: from + index, text }));
    return { place: `${file}:${line}`, lines, line };
  } catch {
    return null; // A bundle without its sources: the frames have to do.
  }
}

function read(from: object, name: string): unknown {
  try {
    return (from as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

function textOf(from: object, name: string): string {
  const value = read(from, name);
  return typeof value === "string" ? value : "";
}

function shownAs(value: unknown): string {
  try {
    return inspect(value, { depth: 2 });
  } catch {
    return `a value of type ${typeof value} that can't be shown`;
  }
}
