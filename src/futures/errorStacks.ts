/*
 * The stacks of errors that come from a worker: where it was thrown there, and where it was called here.
 *
 * Strategy: the worker leaves out its own frames below the user's. The caller's stack becomes text only when a call fails.
 * Limits: taking a stack costs as much as a small call does; so while many calls are under way, some of one function share
 * the stack of the first of them, and are told apart in debug mode only.
 */
import { framesIn } from "../core/frames.ts";

/** A stack that nobody has read yet. @internal */
export interface CallPlace {
  stack?: string;
}

/** While so many calls are under way, not each has its own stack. */
const CROWD = 16;
/** Calls of a function that then share one. */
const SHARING = 32;

const shared = new WeakMap<object, { readonly place: CallPlace; left: number }>();

/** Where a call of `fn` is submitted, while so many are under way. @internal */
export function placeOfCall(fn: object, underWay: number): CallPlace {
  if (underWay < CROWD) return placeHere();
  const before = shared.get(fn);
  if (before !== undefined && before.left-- > 0) return before.place;
  const place = placeHere();
  shared.set(fn, { place, left: SHARING });
  return place;
}

function placeHere(): CallPlace {
  const place: CallPlace = {};
  Error.captureStackTrace(place, placeHere);
  return place;
}

/** A stack up to the last frame of the user's; the whole where there is none. @internal */
export function trimmed(stack: string): string {
  const lines = stack.split("\n");
  const last = lines.findLastIndex(isUsers);
  return last === -1 ? stack : lines.slice(0, last + 1).join("\n");
}

/** Puts below an error's stack where its call was submitted; an error that has been passed on has several. @internal */
export function appendCall(error: unknown, name: string, place: CallPlace | null): void {
  if (!(error instanceof Error) || place === null) return;
  const frames = (place.stack ?? "").split("\n").filter(isUsers);
  if (frames.length === 0 || typeof error.stack !== "string" || error.stack === "") return;
  const stack = `${error.stack}\n    --- '${name}' was submitted ---\n${frames.join("\n")}`;
  Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
}

function isUsers(line: string): boolean {
  return framesIn(line).length > 0;
}
