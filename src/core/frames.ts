/*
 * Stack frames of the user's code: where a wait began, where a task was made.
 *
 * Strategy: a place is taken as V8 takes a stack, and becomes text only when somebody reads it; the text is read rather
 * than V8's call sites, because source maps are applied to the text alone. V8 adds the async functions that wait for
 * the running one. Frames of Ambit's own and of Node's internals tell a user nothing and are left out.
 * Limits: a function without a place (native, built in) is left out too. Where Ambit is bundled into the user's own
 * file, its frames cannot be told from the user's.
 */
import { readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { shortPath } from "./location.ts";

/** How many frames are taken, before those that are not the user's are left out. */
const DEPTH = 64;

/** One function on the way to a wait (`asyncio.FrameCallGraphEntry`). */
export class FrameCallGraphEntry {
  /** Its name as the stack has it; empty for an anonymous function and for the top level of a module. */
  readonly functionName: string;
  /** The file: relative to the working directory where it is inside, absolute elsewhere. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** True for an async function that waits for the frame before it; false for a plain call. */
  readonly isAsync: boolean;

  /** @internal */
  constructor(name: string, file: string, line: number, column: number, isAsync: boolean) {
    this.functionName = name;
    this.file = file;
    this.line = line;
    this.column = column;
    this.isAsync = isAsync;
  }

  /** `src/app.ts:12`. */
  get place(): string {
    return `${this.file}:${this.line}`;
  }

  /** `src/app.ts:12 in async fetchAll`. */
  toString(): string {
    const name =
      this.functionName === "" ? "" : ` in ${this.isAsync ? "async " : ""}${this.functionName}`;
    return `${this.place}${name}`;
  }
}

/** A stack that nobody has read yet. @internal */
export interface Place {
  stack?: string;
  frames?: readonly FrameCallGraphEntry[];
}

/** The stack of the code that called `above`. @internal */
export function placeAbove(above: object): Place {
  const place: Place = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  Error.captureStackTrace(place, above as () => void);
  Error.stackTraceLimit = limit;
  return place;
}

/** The user's frames of a place, innermost first. @internal */
export function userFrames(place: Place | undefined): readonly FrameCallGraphEntry[] {
  if (place === undefined) return [];
  place.frames ??= framesIn(place.stack ?? "");
  return place.frames;
}

/** The user's frames in the text of a stack, innermost first. @internal */
export function framesIn(stack: string): FrameCallGraphEntry[] {
  const frames: FrameCallGraphEntry[] = [];
  for (const line of stack.split("\n")) {
    const frame = frameIn(line);
    if (frame !== undefined) frames.push(frame);
  }
  return frames;
}

/** `    at async name [as other] (file:line:column)`; the name and its parentheses may be missing. */
const FRAME = /^\s+at (async )?(?:(.*?) \()?(.+?):(\d+):(\d+)\)?$/;

function frameIn(text: string): FrameCallGraphEntry | undefined {
  const found = FRAME.exec(text);
  if (found === null) return undefined;
  const [, isAsync, name = "", where = "", line, column] = found;
  const path = where.startsWith("file:") ? fileURLToPath(where) : where;
  if (!isUsers(path)) return undefined;
  const file = shortPath(path);
  return new FrameCallGraphEntry(
    ownName(name),
    file,
    Number(line),
    Number(column),
    isAsync !== undefined,
  );
}

/**
 * A function's own name. For one that has none V8 makes one up from the code around it (`createTask.name`); it begins
 * with a variable, where a method's begins with a class.
 */
function ownName(name: string): string {
  return /^[a-z_$][\w$]*(\.[\w$]+)+$/.test(name) ? "" : name;
}

function isUsers(path: string): boolean {
  if (/^(node:|internal\/)|<anonymous>/.test(path)) return false;
  own ??= ownFolders();
  return !own.some((folder) => path.startsWith(folder));
}

let own: readonly string[] | null = null;

/** The folders of Ambit's own code, as source and as built; none where it is bundled with the user's. */
function ownFolders(): readonly string[] {
  const self = import.meta.url;
  if (!/^file:.*\/(src|dist)\/(core|chunks)\/[^/]+\.[jt]s$/.test(self)) return [];
  const root = dirname(dirname(dirname(fileURLToPath(self))));
  return isAmbit(root) ? ["src", "dist"].map((name) => `${root}${sep}${name}${sep}`) : [];
}

/** A user's bundle may lie in folders of the same names. */
function isAmbit(root: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      name?: string;
    };
    return name === "ambit";
  } catch {
    return false;
  }
}
