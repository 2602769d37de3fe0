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

/** A call that was not running when its time was up is looked after again, no sooner than this, in milliseconds. */
const LEAST = 10;

/** One call that was asked to stop. */
class Stop {
  readonly error: CancelledError;
  readonly #id: number;
  readonly #link: Link;
  readonly #grace: number;
  /** Whether it ran already when its time began. */
  #ran: boolean;
  #timer: TimerHandle;

  constructor(link: Link, id: number, grace: number, error: CancelledError) {
    this.error = error;
    this.#id = id;
    this.#link = link;
    this.#grace = grace;
    this.#ran = link.running() === id;
    this.#timer = this.#after(grace);
  }

  #after(ms: number): TimerHandle {
    const loop = getRunningLoop();
    return loop.schedule(loop.time() + ms, timeIsUp, this);
  }

  /** Its worker is ended, if it has had the time and still runs. It may have begun just now, or may wait behind another. */
  timeIsUp(): void {
    const runs = this.#link.running() === this.#id;
    if (runs && this.#ran) return this.#link.kill();
    this.#ran = runs;
    this.#timer = this.#after(Math.max(this.#grace, LEAST));
  }

  end(): void {
    this.#timer.cancel();
  }
}

function timeIsUp(stop: Stop): void {
  stop.timeIsUp();
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
    const link = this.#link;
    this.#stops.set(id, new Stop(link, id, this.#grace, error));
    if (!this.#stops.has(link.stopping()) || link.running() === id) link.askToStop(id);
    link.send({ stop: id, message: error.message, reason: plain(error.reason) }, NOTHING);
  }

  /** The call has ended. Gives what it was asked to stop with, if it was. */
  end(id: number): CancelledError | null {
    const stop = this.#stops.get(id);
    if (stop === undefined) return null;
    stop.end();
    this.#stops.delete(id);
    const [next = 0] = this.#stops.keys();
    if (this.#link.stopping() === id) this.#link.askToStop(next);
    return stop.error;
  }

  /** The worker has ended. */
  endAll(): void {
    for (const stop of this.#stops.values()) stop.end();
    this.#stops.clear();
  }
}

/** What of a reason can travel. */
function plain(reason: unknown): unknown {
  return typeof reason === "object" || typeof reason === "function" ? undefined : reason;
}
