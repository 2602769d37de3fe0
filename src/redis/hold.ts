/*
 * A lease that is held: of a lock, or of a permit of a semaphore.
 *
 * Strategy: a task renews it every third of its time. When a renewal says that it is lost, or none came through until the
 * lease had ended by our own clock (which it does never later than by the server's), the holder is cancelled, with an
 * error that says so.
 */
import { cancelledFor } from "../core/cancellation.ts";
import { CancelScope } from "../core/cancelScope.ts";
import type { TimerHandle } from "../core/clock.ts";
import { createTask } from "../core/createTask.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Loop } from "../core/loop.ts";
import { ambientScope, getRunningLoop, type Scope } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { sleep } from "../core/sleep.ts";
import type { Task } from "../core/task.ts";
import { RedisError, RedisLockLostError } from "./errors.ts";

/** Whose lease it is. @internal */
export interface Lender {
  readonly title: string;
  readonly lease: number;
  renew(owner: string): Promise<boolean>;
  release(owner: string): Promise<boolean>;
}

/**
 * What is held; leaving the block of `await using hold = await lock.acquire()` gives it back.
 *
 * Prints as `RedisHold { of: 'lock "mail"', token: 7, lost: false }`.
 */
export class RedisHold implements AsyncDisposable {
  /**
   * The fencing token: greater than that of every hold before. Hand it to what the lock protects, which refuses a smaller
   * one than it has seen: only that protects against a holder that was held up, and does not know yet that it has lost it.
   */
  readonly token: number;
  readonly #lender: Lender;
  readonly #owner: string;
  readonly #loop: Loop = getRunningLoop();
  readonly #holder: Scope = ambientScope();
  #scope: CancelScope | null = null;
  #renewing: Task<void> | null = null;
  #expiry: TimerHandle | null = null;
  #lost: RedisLockLostError | null = null;
  #released: Promise<void> | null = null;

  /** @internal */
  constructor(lender: Lender, owner: string, token: number, from: number) {
    this.#lender = lender;
    this.#owner = owner;
    this.token = token;
    this.#prolong(from);
    this.#renewing = createTask(() => this.#renew(), { name: `renew ${lender.title}` });
  }

  /** True when it was lost while it was held. */
  get lost(): boolean {
    return this.#lost !== null;
  }

  #prolong(from: number): void {
    this.#expiry?.cancel();
    this.#expiry = this.#loop.schedule<RedisHold>(
      from + this.#lender.lease,
      RedisHold.#expire,
      this,
    );
  }

  static #expire(this: void, hold: RedisHold): void {
    hold.#lose(`its lease of ${hold.#lender.lease} ms has ended, and could not be renewed`);
  }

  async #renew(): Promise<void> {
    const { lease } = this.#lender;
    for (;;) {
      await sleep(lease / 3);
      const from = this.#loop.time();
      try {
        if (!(await this.#lender.renew(this.#owner)))
          return this.#lose("its lease has ended on the server, or somebody has removed it");
        this.#prolong(from);
      } catch (error) {
        if (!(error instanceof RedisError)) throw error;
        // Another attempt may still be in time.
        await sleep(lease / 30);
      }
    }
  }

  #lose(words: string): void {
    if (this.#lost !== null || this.#released !== null) return;
    const error = new RedisLockLostError(this.#lender.title, this.token, words);
    this.#lost = error;
    this.#expiry?.cancel();
    this.#renewing?.cancel();
    if (this.#scope !== null) this.#scope.cancel(error);
    else this.#holder.cancel(cancelledFor("the holder", error));
  }

  /** Runs a body that holds it, and gives it back. @internal */
  async lend<T>(body: (hold: RedisHold) => T | PromiseLike<T>): Promise<T> {
    const scope = new CancelScope();
    this.#scope = scope;
    if (this.#lost !== null) scope.cancel(this.#lost);
    let value: T;
    try {
      value = await scope.enter(() => body(this));
    } catch (error) {
      await this.release().catch(nothing);
      const verdict = scope.verdict ?? { whose: "error", error };
      throw verdict.whose === "own" ? (this.#lost ?? error) : verdict.error;
    }
    await this.release();
    return value;
  }

  /**
   * Gives it back. Called again, it does nothing more.
   *
   * **Cancellation:** it is done to its end.
   *
   * @throws {@link RedisLockLostError} when it was lost before: what was done under it may have been done by another, too
   * @throws {@link RedisConnectionError} when the server can't be told; it is free when its lease has ended
   */
  release(): Promise<void> {
    this.#released ??= protect(() => this.#release());
    return this.#released;
  }

  async #release(): Promise<void> {
    this.#expiry?.cancel();
    const renewing = this.#renewing as Task<void>;
    renewing.cancel();
    await renewing.then(nothing, nothing);
    const lost = this.#lost;
    const held = await this.#lender.release(this.#owner);
    if (lost !== null) throw lost;
    if (held) return;
    const words = "its lease has ended on the server, or somebody has removed it";
    throw new RedisLockLostError(this.#lender.title, this.token, words);
  }

  /** As {@link RedisHold.release}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** @internal */
  [INSPECT](): string {
    return `RedisHold { of: '${this.#lender.title}', token: ${this.token}, lost: ${this.lost} }`;
  }
}

function nothing(): void {}
