/*
 * What is still to be done in a worker of a pool before it exits, such as sending what is left to send.
 *
 * Limits: the pool waits for as long as its `grace`, and then ends the worker.
 */

const left = new Set<() => Promise<unknown>>();

/** Has it done before this worker leaves its pool; gives what takes that back. @internal */
export function beforeLeaving(work: () => Promise<unknown>): () => void {
  left.add(work);
  return () => void left.delete(work);
}

/** @internal */
export async function doWhatIsLeft(): Promise<void> {
  await Promise.allSettled(Array.from(left, (work) => work()));
}
