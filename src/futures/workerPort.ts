/*
 * WorkerPort: what joins the code in a worker to its pool; the other end of a link.
 */
import type { TransferListItem } from "node:worker_threads";
import type { Medium } from "./medium.ts";
import type { FromWorker, ToWorker, TreeWish } from "./protocol.ts";

/** @internal */
export interface WorkerPort {
  readonly medium: Medium;
  /** The name that the pool gave to the worker. */
  readonly name: string;
  /** From now on `hear` is called with each message. */
  listen(hear: (message: ToWorker) => void): void;
  /** @throws when something in it cannot be cloned; then nothing was sent */
  send(message: FromWorker, moved: readonly TransferListItem[]): void;
  /** Shows a tree of tasks to a pool whose loop stands still. */
  show(number: number, text: string, wish: TreeWish): void;
  /** Marks, before it does: a call begins. The mark outlives the worker. */
  begin(id: number): void;
  /** Marks: none runs. */
  end(): void;
  /** Whether some call is asked to stop, so that messages must be read before the next begins. */
  stopWanted(): boolean;
  /** Has `listen`'s function hear what was sent meanwhile. */
  readMessages(): void | Promise<void>;
}
