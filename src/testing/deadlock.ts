/*
 * What a run that cannot go on fails with: who waits for whom, in sentences, then the task tree.
 */

/**
 * Thrown by `runVirtual` when no task is ready, no timer is pending and nothing outside is awaited.
 */
export class DeadlockError extends Error {
  override readonly name = "DeadlockError";
  /** Who waits for what, held or fed by whom: a sentence for each circle and each chain. */
  readonly diagnosis: readonly string[];
  /** The task tree at that moment, one line per task. */
  readonly tree: string;

  /** @internal */
  constructor(message: string, diagnosis: readonly string[], tree: string) {
    super([message, ...diagnosis, tree].join("\n"));
    this.diagnosis = diagnosis;
    this.tree = tree;
  }
}
