/*
 * Words from a worker to the program that has its pool, beside results: for upper floors, such as the spans of tracing.
 *
 * Strategy: they go the way that results go, in order, so what a call has said is at home before its outcome is. There they
 * are told on the channel `ambit:futures.worker.word`.
 */

type Say = (name: string, value: unknown) => void;

let say: Say | null = null;

/** In a worker, at its start. @internal */
export function sayHomeBy(how: Say): void {
  say = how;
}

/** How this worker says something to its program; null in what is no worker of a pool. @internal */
export function homeSayer(): Say | null {
  return say;
}
