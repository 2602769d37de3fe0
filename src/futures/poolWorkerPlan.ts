/*
 * What a worker of a pool is told by it: how it is to be, and who hears of it.
 */
import type { Call } from "./call.ts";
import type { Initializer } from "./initializer.ts";
import type { Link, LinkMaker } from "./link.ts";
import type { Ending } from "./protocol.ts";
import type { WatchLimits } from "./workerWatch.ts";

/** What a pool hears of its workers. @internal */
export interface PoolWorkerOwner<W> {
  /** A call has ended, by itself or because it was asked to stop; the worker may have room now. */
  ended(call: Call, ending: Ending, byItself: boolean): void;
  /** The call that it ran was ended with it. */
  lost(call: Call): void;
  /** Its calls have ended, or it is ready to be given some. */
  free(): void;
  /** Its initializer failed, or it could not start. */
  broken(cause: unknown): void;
  /** It is gone; these calls had not begun. */
  gone(worker: W, unbegun: readonly Call[]): void;
  /** It has been idle for long. */
  idle(worker: W): void;
}

/** How the workers of a pool are. @internal */
export interface PoolWorkerPlan<L extends Link> {
  /** Milliseconds that a cancelled call has to stop by itself. */
  readonly grace: number;
  /** How many calls one may be given before it is replaced. */
  readonly maxTasks: number;
  /** When one is of no more use. */
  readonly limits: WatchLimits;
  readonly initializer: Initializer | null;
  readonly open: LinkMaker<L>;
}
