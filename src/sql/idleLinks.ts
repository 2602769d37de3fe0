/*
 * The connections that nobody uses, and the clock that closes those that have been idle for too long or have grown old.
 *
 * Strategy: the one that was used last is used first, so that those too many grow old and go. One timer, for whichever is
 * due next.
 */
import type { Loop } from "../core/loop.ts";
import type { Link } from "./link.ts";
import type { PoolSettings } from "./poolOptions.ts";

/** The pool, as its idle connections know it. @internal */
export interface IdleHome<L extends Link> {
  readonly loop: Loop;
  readonly settings: PoolSettings;
  /** Connections of all kinds. */
  readonly size: number;
  discard(link: L): void;
}

/** @internal */
export class IdleLinks<L extends Link> {
  readonly #home: IdleHome<L>;
  /** In the order in which they were given back. */
  readonly #links: L[] = [];
  #sweep: { cancel(): void } | null = null;

  constructor(home: IdleHome<L>) {
    this.#home = home;
  }

  get size(): number {
    return this.#links.length;
  }

  /** The one that was idle for the shortest time; it stays. */
  get newest(): L | undefined {
    return this.#links.at(-1);
  }

  /** Takes that one out. */
  take(): L | undefined {
    return this.#links.pop();
  }

  put(link: L): void {
    this.#links.push(link);
    this.#plan();
  }

  /** False when it is none of them. */
  remove(link: Link): boolean {
    const index = this.#links.indexOf(link as L);
    if (index >= 0) this.#links.splice(index, 1);
    return index >= 0;
  }

  /** Discards all of them. */
  end(): void {
    this.#sweep?.cancel();
    this.#sweep = null;
    for (const link of this.#links.splice(0)) this.#home.discard(link);
  }

  /** Sees to it that they are looked at when the next one is due. */
  #plan(): void {
    if (this.#sweep !== null) return;
    const due = this.#nextDue();
    if (due === Infinity) return;
    const { loop } = this.#home;
    this.#sweep = loop.schedule<IdleLinks<L>>(
      Math.max(due, loop.time() + 1),
      IdleLinks.#sweepNow,
      this,
    );
  }

  static #sweepNow<L extends Link>(this: void, idle: IdleLinks<L>): void {
    idle.#sweep = null;
    idle.#discardDue(idle.#home.loop.time());
    idle.#plan();
  }

  /** When one is to be closed; Infinity when none is. */
  #nextDue(): number {
    const { idleTimeout, maxLifetime, min } = this.#home.settings;
    let due = Infinity;
    for (const link of this.#links) {
      due = Math.min(due, link.openedAt + maxLifetime);
      if (this.#home.size > min) due = Math.min(due, link.idleSince + idleTimeout);
    }
    return due;
  }

  #discardDue(now: number): void {
    const home = this.#home;
    const { idleTimeout, maxLifetime, min } = home.settings;
    for (const link of this.#links.slice()) {
      const idle = now - link.idleSince >= idleTimeout && home.size > min;
      if (!idle && now - link.openedAt < maxLifetime) continue;
      this.remove(link);
      home.discard(link);
    }
  }
}
