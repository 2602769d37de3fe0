/*
 * What must not outlive the process, if its owner does not remove it before: temporary files, locks.
 *
 * Strategy: one listener for the end of the process, there while anything is registered. It runs for `process.exit`, for
 * an error that nobody catches, and when there is nothing more to do; and for SIGINT and SIGTERM where the program has a
 * handler for them that ends it so, as `run` has.
 * Limits: a process that is killed, or ended by a signal that it has no handler for, leaves things behind.
 */

const pending = new Set<() => void>();

/**
 * Has `remove` called when the process ends. It must be synchronous; what it throws is ignored.
 *
 * @returns a function that takes it back
 * @internal
 */
export function atProcessExit(remove: () => void): () => void {
  if (pending.size === 0) process.on("exit", removeAll);
  pending.add(remove);
  return () => {
    if (pending.delete(remove) && pending.size === 0) process.off("exit", removeAll);
  };
}

function removeAll(): void {
  for (const remove of pending) {
    try {
      remove();
    } catch {
      // Nobody is left to tell; the others are still to be removed.
    }
  }
}
