/*
 * The part of a task tree that a call in a pool is: which worker has it, and, while it runs there, the worker's tasks.
 *
 * Limits: who computes does not answer. The line then says that it is busy, and the picture goes on without it.
 */
import type { CancelledError } from "../core/errors.ts";
import type { Patience, Picture } from "../core/targets.ts";
import type { WorkerTrees } from "./workerTrees.ts";

/** How far a worker is with a call that it was sent. @internal */
export type Stage = "starting" | "sent" | "running" | "ended";

/** The worker that has a call. @internal */
export interface CallWorker {
  readonly name: string;
  readonly trees: WorkerTrees;
  /** `pool_0 (thread 3)`. */
  where(): string;
  stageOf(id: number): Stage;
  isStopping(id: number): boolean;
  /** Asks a call to stop; false when it has ended. */
  stop(id: number, error: CancelledError): boolean;
}

/** @internal */
export interface PicturedCall {
  readonly id: number;
  readonly reference: { readonly name: string } | null;
  /** Null while it waits for one. */
  readonly worker: CallWorker | null;
}

const BUSY = "busy: it computes or stands still, and does not answer";

/** @internal */
export function pictureOf(call: PicturedCall, patience: Patience): Picture {
  const { id, reference, worker } = call;
  if (reference === null) return one("call  waits until its function is found");
  const head = `call ${reference.name}`;
  if (worker === null) return one(`${head}  waits for a worker`);
  const where = worker.where();
  const begun = worker.isStopping(id) ? `${head} (cancelling)` : head;
  switch (worker.stageOf(id)) {
    case "starting":
      return one(`${begun}  waits until ${where} has started`);
    case "sent":
      return one(`${begun}  was sent to ${where}, and has not begun`);
    case "ended":
      return one(`${begun}  has ended in ${where}, and its result is on the way`);
    default:
  }
  worker.trees.ask(patience);
  return {
    lines: () => {
      const tree = worker.trees.read(patience);
      const lines = [`${begun}  in ${where}`];
      return tree === null ? [`${lines[0]}, ${BUSY}`] : [...lines, ...tree.split("\n")];
    },
  };
}

function one(line: string): Picture {
  return { lines: () => [line] };
}
