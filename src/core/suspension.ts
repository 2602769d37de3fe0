/*
 * Suspensions: what waits, and the ring of waits that each scope has. `Wait` is the one that `suspend` makes.
 *
 * Strategy: one native promise and one small object that is at the same time the link in its scope's ring of pending
 * waits, the link in a primitive's FIFO queue, and the loop's entry for waking. It is settled exactly once: by
 * completion (`resolve`, `reject`) or by cancellation. It leaves its scope's ring at that moment, so a cancel that
 * comes later finds nothing to reject: completion beats cancellation.
 * Limits: knows nothing of the scope tree; `scope.ts` decides who is cancelled.
 */
import type { CancelledError } from "./errors.ts";
import type { Loop } from "./loop.ts";
import { beginThrow, throwSoon } from "./throwing.ts";
import { waitEnds } from "./steps.ts";

/** Runs when a wait is cancelled: takes back what its start began. */
export type Cleanup<T, A> = (wait: Wait<T>, target: A) => void;

/** Something that waits in a scope, and what a cancel does to it. */
export abstract class Suspension {
  /** The scope it is pending in; null from the moment it is settled. @internal */
  ring: WaitRing | null;
  /** @internal */
  previous: Suspension | null = null;
  /** @internal */
  next: Suspension | null = null;
  /** What diagnostics print: `Lock.acquire`, `sleep`. */
  readonly label: string;
  /** The object that is waited on: a lock, a task; undefined for a wait on the world outside. */
  readonly target: unknown;

  /** @internal */
  constructor(ring: WaitRing, label: string, target: unknown) {
    this.label = label;
    this.target = target;
    this.ring = ring;
    ring.link(this);
  }

  /** Leaves the ring; null when it had left it before. @internal */
  protected leave(): WaitRing | null {
    const ring = this.ring;
    if (ring === null) return null;
    this.ring = null;
    ring.unlink(this);
    if (ring.loop.debug) waitEnds(ring.home, this);
    return ring;
  }

  /** True while it hands a cancel on. @internal */
  get forwarding(): boolean {
    return false;
  }

  /** True when the last cancel could not end it any more. @internal */
  get missed(): boolean {
    return false;
  }

  /** A cancel of its scope. @internal */
  abstract cancel(error: CancelledError): void;
  /** Its scope has ended around it. @internal */
  abandon(error: CancelledError): void {
    this.cancel(error);
  }
}

/** The pending waits of one scope, oldest first. @internal */
export abstract class WaitRing {
  /** The oldest pending wait; the ring is circular, so its `previous` is the newest. */
  oldestWait: Suspension | null = null;
  readonly loop: Loop;
  /** What the steps of its code belong to. */
  abstract readonly home: { readonly body: object | null };

  constructor(loop: Loop) {
    this.loop = loop;
  }

  link(wait: Suspension): void {
    const first = this.oldestWait;
    if (first === null) {
      wait.previous = wait.next = wait;
      this.oldestWait = wait;
      return;
    }
    const last = first.previous as Suspension;
    wait.previous = last;
    wait.next = first;
    last.next = first.previous = wait;
  }

  unlink(wait: Suspension): void {
    const next = wait.next as Suspension;
    if (next === wait) {
      this.oldestWait = null;
    } else {
      const previous = wait.previous as Suspension;
      previous.next = next;
      next.previous = previous;
      if (this.oldestWait === wait) this.oldestWait = next;
    }
    wait.previous = wait.next = null;
  }
}

let resolving!: (value: never) => void;
let rejecting!: (reason: unknown) => void;

/** One executor for every wait: no closure is made for it. */
function capture(resolve: (value: never) => void, reject: (reason: unknown) => void): void {
  resolving = resolve;
  rejecting = reject;
}

/** Makes the promise of the wait that is made next, which takes its resolving functions. @internal */
export function openPromise<T>(): Promise<T> {
  return new Promise(capture as never);
}

/**
 * A suspended operation, as `suspend` hands it to its `start` function.
 *
 * Settled once: the first of `resolve`, `reject` and a cancel wins, the others return false.
 */
export class Wait<T> extends Suspension {
  /** Neighbours in the queue of a primitive, see `waitQueue.ts`. @internal */
  ahead: Wait<T> | null = null;
  /** @internal */
  behind: Wait<T> | null = null;
  /** Whatever the clean-up needs to take the operation back: a timer. @internal */
  token: unknown = null;
  /** @internal */
  cleanup: ((wait: never, target: never) => void) | null = null;
  readonly #resolve: (value: never) => void;
  #reject: (reason: unknown) => void;

  /** @internal */
  constructor(ring: WaitRing, label: string, target: unknown) {
    super(ring, label, target);
    this.#resolve = resolving;
    this.#reject = rejecting;
  }

  /** True until it is settled. */
  get pending(): boolean {
    return this.ring !== null;
  }

  /** The loop that will wake it; only while it is pending. @internal */
  get loop(): Loop {
    return (this.ring as WaitRing).loop;
  }

  /** Completes the wait; false when it was settled already. */
  resolve(value: T): boolean {
    return this.settle(value, false);
  }

  /** Fails the wait; false when it was settled already. */
  reject(reason: unknown): boolean {
    return this.settle(reason, true);
  }

  /** Ends the wait with a cancellation, after taking back what its start began. @internal */
  cancel(error: CancelledError): void {
    const { ring } = this;
    if (ring === null) return;
    beginThrow(ring);
    const reject = this.#reject;
    this.#reject = (reason) => {
      throwSoon(ring);
      reject(reason);
    };
    this.settle(error, true);
    const cleanup = this.cleanup;
    if (cleanup !== null) ring.loop.guard(() => cleanup(this as never, this.target as never));
  }

  /** Completes the wait and resumes its code at once: the caller is the loop's turn already. @internal */
  finish(value: T): void {
    if (this.leave() !== null) this.conclude(value, false);
  }

  private settle(outcome: unknown, failed: boolean): boolean {
    const ring = this.leave();
    if (ring === null) return false;
    ring.loop.resume(this, outcome, failed, ring);
    return true;
  }

  /** The loop's turn for it: resumes the waiting code. @internal */
  conclude(outcome: unknown, failed: boolean): void {
    if (failed) this.#reject(outcome);
    else this.#resolve(outcome as never);
  }
}
