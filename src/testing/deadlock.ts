/*
 * What a run that cannot go on fails with: the task tree, what each task waits for and who holds it.
 */

/**
 * Thrown by `runVirtual` when no task is ready, no timer is pending and nothing outside is awaited.
 */
export class DeadlockError extends Error {
  override readonly name = "DeadlockError";
  /** The task tree at that moment, one line per task. */
  readonly tree: string;

  constructor(message: string, tree: string) {
    super(`${message}\n${tree}`);
    this.tree = tree;
  }
}
