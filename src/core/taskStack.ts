/*
 * Where a task is: the user's frames of its pending waits, of the running code, or of the error that it failed with.
 *
 * Strategy: frames at waits are taken in debug mode only (`places.ts`); those of the running task and of an error are
 * there always. Python keeps a task's frames; JavaScript shows a suspended function's to nobody.
 */
import { inspect } from "node:util";
import { type FrameCallGraphEntry, framesIn } from "./frames.ts";
import { framesHere, framesOf } from "./places.ts";

/** What is asked of a task. */
interface Stacked {
  readonly state: string;
  readonly outcome: unknown;
  readonly scope: { pendingWaits(): readonly object[] };
}

/** How much of a stack is given. */
export interface StackOptions {
  /** At most so many frames, innermost first. Default: all. */
  readonly limit?: number;
}

/** The user's frames, innermost first; `above` is the function that was called to ask. @internal */
export function stackOf(task: Stacked, isRunning: boolean, above: object): FrameCallGraphEntry[] {
  if (isRunning) return [...framesHere(above)];
  if (task.state === "rejected") return framesOfError(task.outcome);
  return task.scope.pendingWaits().flatMap((wait) => framesOf(wait));
}

function framesOfError(error: unknown): FrameCallGraphEntry[] {
  return error instanceof Error ? framesIn(error.stack ?? "") : [];
}

/** The text of a stack, under a heading that names the task. @internal */
export function stackText(
  frames: readonly FrameCallGraphEntry[],
  words: string,
  failure: unknown,
): string {
  if (frames.length === 0) return `No stack for ${words}\n`;
  const lines = frames.map((frame) => `    at ${frame.toString()}\n`).join("");
  const error = failure === undefined ? "" : `${inspect(failure).split("\n")[0]}\n`;
  return `${error}Stack for ${words} (innermost call first):\n${lines}`;
}
