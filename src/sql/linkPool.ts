/*
 * The connections of a pool: those in use, those that are idle, those being opened, and who waits for one.
 *
 * Strategy: first come, first served. Who waits stands in a queue and leaves it when cancelled; a connection that is given
 * back goes to who has waited longest, in the same step, so nobody barges in and none is lost: a cancel that comes after
 * that is for the next wait. For each who waits at most one connection is being opened; when he gets another one
 * meanwhile, or goes, that one serves the next or is kept. When opening fails, the one who has waited longest hears of it.
 * The one that was used last is used first, so that those too many grow old and go.
 * Limits: connections are opened and closed in no task: no cancel reaches that, only `connectTimeout` and `close`.
 */
import { moveOnAfter } from "../core/cancelScope.ts";
import { TimeoutError } from "../core/errors.ts";
import type { Loop } from "../core/loop.ts";
import { OUTSIDE } from "../core/outside.ts";
import { ambient, getRunningLoop, rootScope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { timeout } from "../core/timeouts.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { Event } from "../sync/event.ts";
import { DatabaseConnectionError, PoolClosedError, PoolTimeoutError } from "./errors.ts";
import type { Done, Link, LinkOwner } from "./link.ts";
import type { PoolSettings } from "./poolOptions.ts";

/** Opens connections. @internal */
export interface Driver<L extends Link> {
  /** What it connects to, for errors. */
  readonly peer: string;
  /** Opens one; `done` is called once. The result gives it up: `done` is then not called. */
  open(done: Done<L>): () => void;
  /** Ends what it has beside the links. */
  close(): void;
}

/** What `pool.statistics()` tells. */
export interface PoolStatistics {
  /** Connections, with those being opened. */
  readonly size: number;
  readonly idle: number;
  readonly inUse: number;
  readonly opening: number;
  /** How many wait for one. */
  readonly waiting: number;
  /** How many were opened, and how many of them broke or were destroyed, since the pool was made. */
  readonly opened: number;
  readonly destroyed: number;
  /** How often the server was asked to stop a statement. */
  readonly kills: number;
  /** How many were not released by who had acquired them. */
  readonly leaked: number;
}

/** @internal */
export class LinkPool<L extends Link> implements LinkOwner {
  readonly settings: PoolSettings;
  /** In the order in which they were given back. */
  readonly #idle: L[] = [];
  readonly #lent = new Set<L>();
  /** Left, and the socket is not closed yet. */
  readonly #closing = new Set<Link>();
  readonly #opening = new Set<() => void>();
  readonly #waiters = new WaitQueue<L>();
  readonly #driver: Driver<L>;
  readonly #empty = new Event();
  #closed = false;
  #sweep: { cancel(): void } | null = null;
  #opened = 0;
  #destroyed = 0;
  #kills = 0;
  leaked = 0;

  constructor(driver: Driver<L>, settings: PoolSettings) {
    this.#driver = driver;
    this.settings = settings;
  }

  get size(): number {
    return this.#idle.length + this.#lent.size + this.#opening.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** One that is there and need not be tried first; null when one has to wait. */
  takeNow(): L | null {
    const link = this.#idle.at(-1);
    if (link === undefined || this.#waiters.size > 0 || this.#closed) return null;
    const now = getRunningLoop().time();
    if (now - link.idleSince >= this.settings.checkAfter || this.#isOld(link, now)) return null;
    return this.#lend(this.#idle.pop() as L);
  }

  /**
   * One for the caller, after waiting for it.
   *
   * **Cancellation:** leaves the queue.
   */
  async acquire(): Promise<L> {
    const { acquireTimeout } = this.settings;
    if (acquireTimeout === Infinity) return await this.#acquire();
    try {
      return await timeout(acquireTimeout, () => this.#acquire());
    } catch (error) {
      if (!(error instanceof TimeoutError) || error instanceof PoolTimeoutError) throw error;
      const { inUse, waiting, opening } = this.statistics();
      throw new PoolTimeoutError(
        `no connection to ${this.#driver.peer} was free within ${acquireTimeout} ms: ` +
          `${inUse} in use, ${opening} being opened, ${waiting} more wait`,
        acquireTimeout,
      );
    }
  }

  async #acquire(): Promise<L> {
    for (;;) {
      this.#expectOpen();
      const link = this.takeNow() ?? this.#takeStale() ?? (await this.#wait());
      const now = getRunningLoop().time();
      if (this.#isOld(link, now)) this.#discard(link);
      else if (now - link.idleSince < this.settings.checkAfter || (await this.#works(link)))
        return link;
    }
  }

  /** The one that was idle for the shortest time, though it has to be tried. */
  #takeStale(): L | null {
    if (this.#waiters.size > 0) return null;
    const link = this.#idle.pop();
    return link === undefined ? null : this.#lend(link);
  }

  #lend(link: L): L {
    this.#lent.add(link);
    return link;
  }

  #wait(): Promise<L> {
    return suspend<L, LinkPool<L>>(LinkPool.#lineUp, this, "Pool.acquire");
  }

  static #lineUp<L extends Link>(wait: Wait<L>, pool: LinkPool<L>): Cleanup<L, LinkPool<L>> {
    pool.#waiters.push(wait);
    pool.#openMore();
    return LinkPool.#leaveLine;
  }

  static #leaveLine<L extends Link>(wait: Wait<L>, pool: LinkPool<L>): void {
    pool.#waiters.remove(wait);
  }

  /** Tries one that was idle for long: a firewall may have forgotten it. */
  async #works(link: L): Promise<boolean> {
    try {
      const { cancelledCaught } = await moveOnAfter(this.settings.killTimeout, () => link.check());
      if (!cancelledCaught) return true;
      link.destroy("it did not answer");
    } catch (error) {
      link.destroy(error);
      // A cancel is the caller's; anything else means that another connection is needed.
      if (!(error instanceof DatabaseConnectionError)) {
        this.giveBack(link);
        throw error;
      }
    }
    this.giveBack(link);
    return false;
  }

  /** Opens as many as there are who wait, as far as there is room. */
  #openMore(): void {
    while (
      this.#opening.size < this.#waiters.size &&
      this.size < this.settings.max &&
      !this.#closed
    ) {
      this.#open();
    }
  }

  #open(): void {
    const loop = getRunningLoop();
    const { connectTimeout } = this.settings;
    let over = false;
    const finish = (error: Error | null, link?: L): void => {
      if (over) return link?.destroy("nobody waits for it");
      over = true;
      this.#opening.delete(giveUp);
      timer?.cancel();
      if (error === null) this.#welcome(link as L, loop);
      else this.#failed(error);
    };
    let abort: (() => void) | null = null;
    const giveUp = (): void => {
      abort?.();
      finish(
        new DatabaseConnectionError(
          this.#closed
            ? `connecting to ${this.#driver.peer} was given up: the pool is closed`
            : `no connection to ${this.#driver.peer} within ${connectTimeout} ms`,
        ),
      );
    };
    this.#opening.add(giveUp);
    const timer =
      connectTimeout === Infinity
        ? null
        : loop.schedule(loop.time() + connectTimeout, call, giveUp);
    // In no task: the socket outlives whoever happens to need it first.
    try {
      abort = ambient.run(rootScope, () => this.#driver.open(finish));
    } catch (error) {
      finish(error as Error);
    }
  }

  #welcome(link: L, loop: Loop): void {
    this.#opened++;
    link.owner = this;
    link.openedAt = link.idleSince = loop.time();
    this.#handOver(link);
  }

  #failed(error: Error): void {
    this.#waiters.shift()?.reject(error);
    this.#openMore();
    this.#noteEmpty();
  }

  /** Gives a connection that is free to who has waited longest. */
  #handOver(link: L): void {
    if (this.#closed || !link.usable) return this.#discard(link);
    const next = this.#waiters.shift();
    if (next !== null) {
      this.#lent.add(link);
      next.resolve(link);
      return;
    }
    this.#lent.delete(link);
    this.#idle.push(link);
    this.#plan();
  }

  /** Takes back one that the caller has done with. */
  giveBack(link: L): void {
    if (!this.#lent.has(link)) return;
    this.#kills += link.kills;
    link.kills = 0;
    if (!link.usable || link.busy || this.#closed) {
      this.#discard(link);
      return;
    }
    const now = getRunningLoop().time();
    link.idleSince = now;
    if (this.#isOld(link, now)) this.#discard(link);
    else this.#handOver(link);
  }

  #discard(link: L): void {
    this.#lent.delete(link);
    if (link.usable && link.busy) link.destroy("it was given back in the middle of a statement");
    if (link.usable) {
      this.#closing.add(link);
      link.close();
    }
    this.#openMore();
    this.#noteEmpty();
  }

  #isOld(link: Link, now: number): boolean {
    return now - link.openedAt >= this.settings.maxLifetime;
  }

  lost(link: Link): void {
    this.#destroyed++;
    this.#closing.add(link);
    const index = this.#idle.indexOf(link as L);
    if (index >= 0) this.#idle.splice(index, 1);
    // One that is lent is told by what is done on it, and given back by who has it.
    if (index >= 0) this.#noteEmpty();
  }

  socketClosed(link: Link): void {
    this.#closing.delete(link);
    this.#noteEmpty();
  }

  /** Closes those that have been idle for too long, now and when the next one will have been. */
  #plan(): void {
    if (this.#sweep !== null || this.#closed) return;
    const due = this.#nextDue();
    if (due === Infinity) return;
    const loop = getRunningLoop();
    this.#sweep = loop.schedule(Math.max(due, loop.time() + 1), call, () => {
      this.#sweep = null;
      this.#closeIdle(loop.time());
      this.#plan();
    });
  }

  /** When an idle one is to be closed; Infinity when none is. */
  #nextDue(): number {
    const { idleTimeout, maxLifetime, min } = this.settings;
    let due = Infinity;
    for (const link of this.#idle) {
      due = Math.min(due, link.openedAt + maxLifetime);
      if (this.size > min) due = Math.min(due, link.idleSince + idleTimeout);
    }
    return due;
  }

  #closeIdle(now: number): void {
    const { idleTimeout, min } = this.settings;
    for (const link of this.#idle.slice()) {
      const idle = now - link.idleSince >= idleTimeout && this.size > min;
      if (!idle && !this.#isOld(link, now)) continue;
      this.#idle.splice(this.#idle.indexOf(link), 1);
      this.#discard(link);
    }
  }

  /** Nobody gets one any more; settles when all are back and closed, after `patience` milliseconds at the latest. */
  async close(patience: number): Promise<void> {
    if (!this.#closed) this.#shut();
    this.#noteEmpty();
    const { cancelledCaught } = await moveOnAfter(patience, () => this.#empty.wait());
    if (!cancelledCaught) return;
    for (const link of this.#lent) link.destroy("the pool is closed");
    for (const link of this.#closing) link.close();
    this.#noteEmpty();
    await moveOnAfter(this.settings.killTimeout, () => this.#empty.wait());
  }

  #shut(): void {
    this.#closed = true;
    this.#sweep?.cancel();
    this.#sweep = null;
    for (let next = this.#waiters.shift(); next !== null; next = this.#waiters.shift())
      next.reject(this.#closedError());
    for (const giveUp of Array.from(this.#opening)) giveUp();
    for (const link of this.#idle.splice(0)) this.#discard(link);
  }

  #expectOpen(): void {
    if (this.#closed) throw this.#closedError();
  }

  #closedError(): PoolClosedError {
    return new PoolClosedError(`the pool for ${this.#driver.peer} is closed`);
  }

  #noteEmpty(): void {
    if (!this.#closed || this.#lent.size > 0 || this.#opening.size > 0) return;
    this.#driver.close();
    if (this.#closing.size === 0) this.#empty.set();
  }

  /** Who waits while one is being opened waits for the server; otherwise for who has one. */
  [OUTSIDE](): boolean {
    return this.#opening.size > 0;
  }

  statistics(): PoolStatistics {
    return Object.freeze({
      size: this.size,
      idle: this.#idle.length,
      inUse: this.#lent.size,
      opening: this.#opening.size,
      waiting: this.#waiters.size,
      opened: this.#opened,
      destroyed: this.#destroyed,
      kills: this.#kills,
      leaked: this.leaked,
    });
  }
}

function call(run: () => void): void {
  run();
}
