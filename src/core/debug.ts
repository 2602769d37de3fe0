/*
 * Debug mode: what costs too much to watch always.
 *
 * Strategy: called by the kernel only where `loop.debug` is true. Each wait takes the stack of the code that waits.
 * A step is timed from the moment a wait resumes its task to that task's next wait or end, within one turn of the
 * event loop (a later turn means that the task awaited something of its own, and held nobody up).
 * Limits: a step that never comes back to Ambit in the same turn is not seen.
 */
import { inspect } from "node:util";
import type { Loop } from "./loop.ts";

interface Step {
  readonly since: number;
  readonly after: string;
}

const steps = new WeakMap<Loop, Step>();

/** Remembers when the running step began, and after which wait. @internal */
export function stepBegins(loop: Loop, after: string): void {
  const step = { since: performance.now(), after };
  steps.set(loop, step);
  setImmediate(() => {
    if (steps.get(loop) === step) steps.delete(loop);
  }).unref();
}

/** Reports the step that ends here if it held the loop for too long. @internal */
export function stepEnds(loop: Loop, task: object | null): void {
  const step = steps.get(loop);
  if (step === undefined) return;
  steps.delete(loop);
  const took = performance.now() - step.since;
  if (took <= loop.slowCallbackDuration) return;
  loop.callExceptionHandler({
    message: `a step of ${task === null ? "code outside any task" : inspect(task)} held the loop for ${Math.round(took)} ms after ${step.after}`,
    ...(task === null ? {} : { task }),
  });
}

const places = new WeakMap<object, { stack?: string }>();

/** Remembers where a wait or a task comes from: the stack of the code that called `above`. @internal */
export function rememberPlace(made: object, above: object): void {
  places.set(made, placeAbove(above));
}

/** The stack frames of the code that made it, innermost first; none outside debug mode. @internal */
export function framesOf(made: object): string[] {
  return frames(places.get(made));
}

/** Formatted only when it is read. */
function placeAbove(above: object): { stack?: string } {
  const place: { stack?: string } = {};
  Error.captureStackTrace(place, above as () => void);
  return place;
}

function frames(place: { stack?: string } | undefined): string[] {
  return (place?.stack ?? "").split("\n").slice(1);
}

/** Reports a wait that was refused because its scope has ended. @internal */
export function reportLateWait(
  loop: Loop,
  label: string,
  task: object | null,
  above: object,
): void {
  loop.callExceptionHandler({
    message: `${label} was refused: it was called by work that was left running after its scope had ended`,
    ...(task === null ? {} : { task }),
    details: frames(placeAbove(above)).join("\n"),
  });
}
