/*
 * CallFuture: the future of a call in a pool: how who awaits it may stand still, let go, or see where the call is.
 */
import type { CancelledError } from "../core/errors.ts";
import type { FutureState } from "../core/future.ts";
import { ELSEWHERE, type Patience, type Picture } from "../core/targets.ts";
import { block } from "./blocking.ts";
import { type PicturedCall, pictureOf } from "./callPicture.ts";
import { ConcurrentFuture } from "./concurrentFuture.ts";

/** Gets calls on while the thread stands still. @internal */
export interface Driver {
  /** Why it can't; null when it can. */
  readonly hindrance: string | null;
  /** Gives calls out, and hears what workers have sent. */
  progress(): void;
}

/** What the future needs of its call. @internal */
export interface FutureCall extends PicturedCall {
  readonly driver: Driver | null;
  readonly talks: boolean;
  /** It has ended, by that error if it is not null. */
  over(error: unknown): void;
}

/** @internal */
export class CallFuture extends ConcurrentFuture<unknown> {
  readonly #call: FutureCall;
  /** Whether somebody stands still for it. */
  blocks = false;
  /** Whether who cancels it does not wait until it has ended. */
  abandons = false;

  constructor(call: FutureCall) {
    super();
    this.#call = call;
  }

  protected override hindrance(): string | null {
    const { driver, reference, talks } = this.#call;
    if (driver === null) return super.hindrance();
    if (reference === null)
      return "its function must be looked for; name it with task(…) or pool.module(…), or await it";
    if (talks) return "it calls back, or gives a stream; await it instead";
    return driver.hindrance;
  }

  protected override block(timeout: number): void {
    this.blocks = true;
    try {
      block({ done: () => this.done(), progress: () => this.#call.driver?.progress() }, timeout);
    } catch (error) {
      this.cancel("who waited for it was cancelled");
      throw error;
    } finally {
      this.blocks = false;
    }
  }

  /** @internal */
  [ELSEWHERE](patience: Patience): Picture {
    return pictureOf(this.#call, patience);
  }

  /** @internal */
  override cancelWith(error: CancelledError): boolean {
    const stopping = super.cancelWith(error);
    if (stopping && this.abandons) this.endCancelled(error);
    return stopping;
  }

  /** @internal */
  protected override stopRunning(error: CancelledError): boolean {
    const { id, worker } = this.#call;
    return worker !== null && worker.stop(id, error);
  }

  /** @internal */
  override settle(state: FutureState, outcome: unknown): void {
    this.#call.over(state === "fulfilled" ? null : outcome);
    super.settle(state, outcome);
  }
}
