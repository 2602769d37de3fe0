/*
 * The connections of a pool: those in use, those that are idle, those being opened, and who waits for one.
 *
 * Strategy: first come, first served. Who waits stands in line (acquireLine.ts) and leaves it when cancelled; a connection
 * that is given back goes to who has waited longest, in the same step, so nobody barges in and none is lost: a cancel that
 * comes after that is for the next wait. For each who waits at most one connection is being opened (openings.ts); when he
 * gets another one meanwhile, or goes, that one serves the next or is kept (idleLinks.ts). When opening fails, the one who
 * has waited longest hears of it.
 * Limits: all its times are those of the loop that it was made in.
 */
import { moveOnAfter } from "../core/cancelScope.ts";
import { TimeoutError } from "../core/errors.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import { timeout } from "../core/timeouts.ts";
import { Event } from "../sync/event.ts";
import { AcquireLine, type LineHome, whoWaited } from "./acquireLine.ts";
import { PoolClosedError, PoolTimeoutError } from "./errors.ts";
import { type IdleHome, IdleLinks } from "./idleLinks.ts";
import type { Link, LinkOwner } from "./link.ts";
import { answers, isFresh, isOld } from "./linkHealth.ts";
import { type OpeningHome, Openings } from "./openings.ts";
import type { PoolDriver } from "./poolDriver.ts";
import type { PoolSettings } from "./poolOptions.ts";
import type { PoolStatistics } from "./poolStatistics.ts";

/** @internal */
export class LinkPool<L extends Link> implements LinkOwner, LineHome, IdleHome<L>, OpeningHome<L> {
  readonly loop: Loop = getRunningLoop();
  readonly settings: PoolSettings;
  readonly #idle = new IdleLinks<L>(this);
  readonly #lent = new Set<L>();
  /** Left, and the socket is not closed yet. */
  readonly #closing = new Set<Link>();
  readonly #openings: Openings<L>;
  readonly #line = new AcquireLine<L>(this);
  readonly #driver: PoolDriver<L>;
  readonly #empty = new Event();
  #closed = false;
  #opened = 0;
  #destroyed = 0;
  #kills = 0;
  leaked = 0;

  constructor(driver: PoolDriver<L>, settings: PoolSettings) {
    this.#driver = driver;
    this.settings = settings;
    this.#openings = new Openings<L>(this, driver, settings.connectTimeout);
  }

  get size(): number {
    return this.#idle.size + this.#lent.size + this.#openings.size;
  }

  /** One that is there and need not be tried first; null when one has to wait. */
  takeNow(): L | null {
    const link = this.#idle.newest;
    if (link === undefined || this.#line.size > 0 || this.#closed) return null;
    return isFresh(link, this) ? this.#takeIdle() : null;
  }

  /** The one that was idle for the shortest time, though it may have to be tried. */
  #takeIdle(): L | null {
    if (this.#closed) throw this.#closedError();
    if (this.#line.size > 0) return null;
    const link = this.#idle.take();
    if (link !== undefined) this.#lent.add(link);
    return link ?? null;
  }

  /**
   * One for the caller, after waiting for it.
   *
   * **Cancellation:** leaves the line.
   */
  async acquire(): Promise<L> {
    const { loop } = this;
    const until = loop.time() + this.settings.acquireTimeout;
    let link: L;
    try {
      link = this.#takeIdle() ?? (await this.#line.wait());
    } catch (error) {
      throw whoWaited(error);
    }
    if (isFresh(link, this)) return link;
    // Rare: all that is left of the time is for finding one that works.
    return await this.#withinTime(until - loop.time(), () => this.#tried(link));
  }

  async #withinTime(ms: number, body: () => Promise<L>): Promise<L> {
    try {
      return await timeout(ms, body);
    } catch (error) {
      if (!(error instanceof TimeoutError) || error instanceof PoolTimeoutError)
        throw whoWaited(error);
      throw this.tooLate();
    }
  }

  /** This one if it works, or else another. */
  async #tried(first: L): Promise<L> {
    for (let link = first; ; link = this.#takeIdle() ?? (await this.#line.wait())) {
      if (isOld(link, this)) this.discard(link);
      else if (isFresh(link, this) || (await this.#works(link))) return link;
    }
  }

  async #works(link: L): Promise<boolean> {
    let works = false;
    try {
      works = await answers(link, this.settings.killTimeout);
      return works;
    } finally {
      if (!works) this.giveBack(link);
    }
  }

  /** What who has waited for too long is told. */
  tooLate(): Error {
    const { acquireTimeout } = this.settings;
    const { inUse, waiting, opening } = this.statistics();
    return new PoolTimeoutError(
      `no connection to ${this.#driver.peer} was free within ${acquireTimeout} ms: ` +
        `${inUse} in use, ${opening} being opened, ${waiting} more wait`,
      acquireTimeout,
    );
  }

  /** Opens as many as there are who wait, as far as there is room. */
  joined(): void {
    const openings = this.#openings;
    while (openings.size < this.#line.size && this.size < this.settings.max && !this.#closed)
      openings.open();
  }

  opened(link: L): void {
    this.#opened++;
    link.owner = this;
    link.openedAt = link.idleSince = this.loop.time();
    this.#handOver(link);
  }

  notOpened(error: Error): void {
    this.#line.shift()?.reject(error);
    this.joined();
    this.#noteEmpty();
  }

  /** Gives a connection that is free to who has waited longest. */
  #handOver(link: L): void {
    if (this.#closed || !link.usable) return this.discard(link);
    const next = this.#line.shift();
    if (next !== null) {
      this.#lent.add(link);
      next.resolve(link);
      return;
    }
    this.#lent.delete(link);
    this.#idle.put(link);
  }

  /** Takes back one that the caller has done with. */
  giveBack(link: L): void {
    if (!this.#lent.has(link)) return;
    this.#kills += link.kills;
    link.kills = 0;
    if (!link.usable || link.busy || this.#closed || isOld(link, this)) return this.discard(link);
    link.idleSince = this.loop.time();
    this.#handOver(link);
  }

  /** Nobody gets it any more. */
  discard(link: L): void {
    this.#lent.delete(link);
    if (link.usable && link.busy) link.destroy("it was given back in the middle of a statement");
    if (link.usable) {
      this.#closing.add(link);
      link.close();
    }
    this.joined();
    this.#noteEmpty();
  }

  lost(link: Link): void {
    this.#destroyed++;
    this.#closing.add(link);
    // One that is lent is told by what is done on it, and given back by who has it.
    if (this.#idle.remove(link)) this.#noteEmpty();
  }

  socketClosed(link: Link): void {
    this.#closing.delete(link);
    this.#noteEmpty();
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
    for (let next = this.#line.shift(); next !== null; next = this.#line.shift())
      next.reject(this.#closedError());
    this.#openings.giveUp();
    this.#idle.end();
  }

  #closedError(): PoolClosedError {
    return new PoolClosedError(`the pool for ${this.#driver.peer} is closed`);
  }

  #noteEmpty(): void {
    if (!this.#closed || this.#lent.size > 0 || this.#openings.size > 0) return;
    this.#driver.close();
    if (this.#closing.size === 0) this.#empty.set();
  }

  /** Who waits while one is being opened waits for the server; otherwise for who has one. */
  outside(): boolean {
    return this.#openings.size > 0;
  }

  statistics(): PoolStatistics {
    return Object.freeze({
      size: this.size,
      idle: this.#idle.size,
      inUse: this.#lent.size,
      opening: this.#openings.size,
      waiting: this.#line.size,
      opened: this.#opened,
      destroyed: this.#destroyed,
      kills: this.#kills,
      leaked: this.leaked,
    });
  }
}
