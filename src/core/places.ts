/*
 * Debug mode: where things come from.
 *
 * Strategy: called by the kernel only where `loop.debug` is true. Each wait, task, future, handle and cancellation takes
 * the stack of the code that makes it; it becomes text only when a report or a picture is made of it.
 * A future's `then` is a getter in debug mode: `await` reads it in the code that waits, and calls it in a job of its
 * own, where (before Node 26) no stack tells who waits.
 */
import { type FrameCallGraphEntry, type Place, placeAbove, userFrames } from "./frames.ts";

const places = new WeakMap<object, Place>();
/** Taken when `then` was read, for the wait that its call begins. */
let handed: Place | null = null;

/** Remembers where a wait or a task comes from: the stack of the code that called `above`. @internal */
export function rememberPlace(made: object, above: object): void {
  places.set(made, handed ?? placeAbove(above));
}

/** The user's frames of the code that made it, innermost first; none outside debug mode. @internal */
export function framesOf(made: object): readonly FrameCallGraphEntry[] {
  return userFrames(places.get(made));
}

/** The user's frames of the code that runs now. @internal */
export function framesHere(above: object): readonly FrameCallGraphEntry[] {
  return userFrames(handed ?? placeAbove(above));
}

type Then = (this: unknown, onFulfilled?: never, onRejected?: never) => unknown;

/** Remembers where a future was made, and from now on who awaits it. @internal */
export function rememberFuture(future: object, above: object): void {
  rememberPlace(future, above);
  const { then } = future as { then: Then };
  Object.defineProperty(future, "then", {
    configurable: true,
    get: function awaited() {
      const place = placeAbove(awaited);
      const call: Then = function (onFulfilled, onRejected) {
        const before = handed;
        handed = place;
        try {
          return then.call(this, onFulfilled, onRejected);
        } finally {
          handed = before;
        }
      };
      return call;
    },
  });
}

/** Lines for a report: what they are of, then a frame each; none where no frame is known. @internal */
export function frameLines(heading: string, frames: readonly FrameCallGraphEntry[]): string[] {
  if (frames.length === 0) return [];
  return [`${heading}:`, ...frames.map((frame) => `    at ${frame.toString()}`)];
}

/** A field of a report: the innermost place, where it is known. @internal */
export function placeField<Name extends string>(
  name: Name,
  frames: readonly FrameCallGraphEntry[],
): { readonly [K in Name]?: string } {
  const [first] = frames;
  return (first === undefined ? {} : { [name]: first.place }) as { readonly [K in Name]?: string };
}
