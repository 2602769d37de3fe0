/*
 * What a CancelledError tells in debug mode: who cancelled, and what was waiting.
 *
 * Strategy: the error is made by the canceller, so its own stack is the canceller's; the frames of the waits that it
 * ends are added when it is delivered. The text is made when somebody reads it.
 */
import { isAnyDebugged } from "./debugMode.ts";
import { type FrameCallGraphEntry, placeAbove, userFrames } from "./frames.ts";
import { frameLines } from "./places.ts";

/** A wait that a cancel has ended. */
interface Interrupted {
  readonly label: string;
  readonly frames: readonly FrameCallGraphEntry[];
}

interface CancelStory {
  readonly by: () => readonly FrameCallGraphEntry[];
  readonly waits: Interrupted[];
}

const stories = new WeakMap<Error, CancelStory>();
/** One error may end thousands of waits; so many of them are told. */
const TOLD = 3;

/** Takes the stack of a cancellation's maker, the code that called `above`; does nothing outside debug mode. @internal */
export function explainCancellation(error: Error, above: object): void {
  if (!isAnyDebugged()) return;
  const place = placeAbove(above);
  const story = { by: () => userFrames(place), waits: [] };
  stories.set(error, story);
  Object.defineProperty(error, "stack", {
    configurable: true,
    get: () => words(error, story),
    set: (value: unknown) => {
      Object.defineProperty(error, "stack", { value, configurable: true, writable: true });
    },
  });
}

function words(error: Error, { by, waits }: CancelStory): string {
  const lines = waits.flatMap(({ label, frames }) => frameLines(`  waiting in ${label}`, frames));
  const frames = by().map((frame) => `    at ${frame.toString()}`);
  return [`${error.name}: ${error.message}`, ...frames, ...lines].join("\n");
}

/** It was delivered to a wait that began at `frames`. @internal */
export function tellInterrupted(
  error: Error,
  label: string,
  frames: readonly FrameCallGraphEntry[],
): void {
  const waits = stories.get(error)?.waits;
  if (waits !== undefined && waits.length < TOLD) waits.push({ label, frames });
}

/** The user's frames of who cancelled; none outside debug mode. @internal */
export function cancellerOf(error: Error): readonly FrameCallGraphEntry[] {
  return stories.get(error)?.by() ?? [];
}
