/*
 * Connections that one task has for itself for a while: for commands that block, and for what is watched.
 *
 * Strategy: opened when needed, up to a limit; who finds none waits in line. Some stay open for the next. One that broke is
 * thrown away, never mended: what it was used for has ended with it.
 */
import { protect } from "../core/shield.ts";
import { Semaphore } from "../sync/semaphore.ts";
import type { Guard } from "../sync/guard.ts";
import type { Connection } from "./connection.ts";
import { RedisClosedError } from "./errors.ts";

/** How many stay open while nobody uses them. */
const SPARE = 8;

/** A connection on loan. @internal */
export class Dedicated {
  readonly connection: Connection;
  /** By which the server knows it. */
  readonly id: number;
  /** Whether the next may have it: not when it may be in a state that the next does not expect. */
  reusable = true;
  /** The place of who has it. */
  place: Guard | null = null;

  constructor(connection: Connection, id: number) {
    this.connection = connection;
    this.id = id;
  }
}

/** @internal */
export class DedicatedPool {
  readonly #open: () => Connection;
  readonly #places: Semaphore;
  readonly #spare: Dedicated[] = [];
  readonly #lent = new Set<Dedicated>();
  readonly #opening = new Set<Connection>();
  #closed = false;

  constructor(open: () => Connection, limit: number) {
    this.#open = open;
    this.#places = new Semaphore(limit);
  }

  get lent(): number {
    return this.#lent.size;
  }

  get spare(): number {
    return this.#spare.length;
  }

  /** How many wait for one. */
  get waiting(): number {
    return this.#places.statistics().waiting;
  }

  /** Borrows one that is there; null when one has to wait for it. */
  borrowNow(): Dedicated | null {
    if (this.#spare.length === 0 || this.#closed) return null;
    const place = this.#places.tryAcquire();
    if (place === null) return null;
    const dedicated = this.#takeSpare();
    if (dedicated !== undefined) return this.#lend(dedicated, place);
    place.release();
    return null;
  }

  #lend(dedicated: Dedicated, place: Guard): Dedicated {
    dedicated.place = place;
    this.#lent.add(dedicated);
    return dedicated;
  }

  /** Borrows one. Cancelled, nothing is borrowed. */
  async borrow(title: string): Promise<Dedicated> {
    if (this.#closed) throw new RedisClosedError(title);
    const place = await this.#places.acquire();
    try {
      return this.#lend(this.#takeSpare() ?? (await this.#openOne(title)), place);
    } catch (error) {
      place.release();
      throw error;
    }
  }

  #takeSpare(): Dedicated | undefined {
    for (;;) {
      const found = this.#spare.pop();
      if (found === undefined || found.connection.ready) return found;
      void found.connection.destroy();
    }
  }

  async #openOne(title: string): Promise<Dedicated> {
    if (this.#closed) throw new RedisClosedError(title);
    const connection = this.#open();
    this.#opening.add(connection);
    try {
      await connection.opened(title);
      const id = await connection.request("client", ["ID"]);
      return new Dedicated(connection, Number(id));
    } catch (error) {
      await connection.destroy();
      throw error;
    } finally {
      this.#opening.delete(connection);
    }
  }

  /** Takes it back; settles when it is closed, and is null where it need not be. */
  giveBack(dedicated: Dedicated): Promise<void> | null {
    if (!this.#lent.delete(dedicated)) return null;
    const { connection, reusable, place } = dedicated;
    const keep = reusable && connection.ready && !this.#closed && this.#spare.length < SPARE;
    if (keep) this.#spare.push(dedicated);
    place?.release();
    return keep ? null : connection.destroy();
  }

  /** Ends all of them; what runs on them fails. */
  close(): Promise<void> {
    this.#closed = true;
    return protect(async () => {
      const all = [...this.#spare.splice(0), ...this.#lent].map((each) => each.connection);
      await Promise.all([...all, ...this.#opening].map((each) => each.destroy()));
    });
  }
}
