/*
 * The calls of a worker that were asked to stop.
 *
 * Strategy: a call is asked by message, and by the mark that a hot loop can look at. The mark has room for one: the running
 * call's goes first. After the grace period a call that still runs is ended with its worker.
 */
import type { TransferListItem } from "node:worker_threads";
import type { TimerHandle } from "../core/clock.ts";
import type { CancelledError } from "../core/errors.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Link } from "./link.ts";

interface Stop {
  readonly error: CancelledError;
  readonly timer: TimerHandle;
}

const NOTHING: readonly TransferListItem[] = [];

/** @internal */
export class Stopping {
  readonly #link: Link;
  readonly #grace: number;
  readonly #stops = new Map<number, Stop>();

  /** @param grace milliseconds that a call has to stop by itself */
  constructor(link: Link, grace: number) {
    this.#link = link;
    this.#grace = grace;
  }

  has(id: number): boolean {
    return this.#stops.has(id);
  }

  /** Asks for the end of a call. */
  ask(id: number, error: CancelledError): void {
    const loop = getRunningLoop();
    const timer = loop.schedule(loop.time() + this.#grace, endIfRunning, this);
    this.#stops.set(id, { error, timer });
    const link = this.#link;
    if (!this.#stops.has(link.stopping()) || link.running() === id) link.askToStop(id);
    link.send({ stop: id, message: error.message, reason: plain(error.reason) }, NOTHING);
  }

  /** The call has ended. Gives what it was asked to stop with, if it was. */
  end(id: number): CancelledError | null {
    const stop = this.#stops.get(id);
    if (stop === undefined) return null;
    stop.timer.cancel();
    this.#stops.delete(id);
    const [next = 0] = this.#stops.keys();
    if (this.#link.stopping() === id) this.#link.askToStop(next);
    return stop.error;
  }

  /** The grace period of some call is over. */
  endIfRunning(): void {
    if (this.#stops.has(this.#link.running())) this.#link.kill();
  }
}

function endIfRunning(stopping: Stopping): void {
  stopping.endIfRunning();
}

/** What of a reason can travel. */
function plain(reason: unknown): unknown {
  return typeof reason === "object" || typeof reason === "function" ? undefined : reason;
}
