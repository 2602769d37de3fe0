/*
 * How many requests may be open: in all, and to one host.
 *
 * Places are taken before undici hears of a request, so a queued one is ours to count and to
 * cancel. Strategy: a request first gets a place at its host, then one in all, so a slow host never
 * keeps others waiting; both queues are FIFO and nobody barges. It waits once: its one wait moves
 * from the host's queue to the common one. (Two semaphores would do the same with two waits.)
 * Limits: a host is an origin, as in aiohttp and browsers.
 */
import type { Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";

/** How far a request has come: queued for its host, queued for a place in all, or in. @internal */
export type Place = "none" | "host queue" | "common queue" | "open";

/** What takes a place: a request. Limits alone sets its two fields. @internal */
export interface Entrant {
  readonly origin: string;
  place: Place;
  host: Host | null;
}

/** One origin that has requests. @internal */
export class Host {
  readonly origin: string;
  /** Requests that are open. */
  open = 0;
  /** Places taken here: by open requests, and by those that still wait for a place in all. */
  taken = 0;
  readonly queue: WaitQueue = new WaitQueue();

  constructor(origin: string) {
    this.origin = origin;
  }

  /** Requests that wait for a place, here or in all. */
  get queued(): number {
    return this.queue.size + this.taken - this.open;
  }
}

/** @internal */
export class Limits {
  readonly total: number;
  readonly perHost: number;
  /** Requests that are open. */
  open = 0;
  /** Origins that have requests. */
  readonly hosts: Map<string, Host> = new Map();
  /** Those that have a place at their host and wait for one in all. */
  readonly #queue: WaitQueue = new WaitQueue();

  constructor(total: number, perHost: number) {
    this.total = total;
    this.perHost = perHost;
  }

  /** Requests that wait for a place. */
  get queued(): number {
    let count = 0;
    for (const host of this.hosts.values()) count += host.queued;
    return count;
  }

  /** Takes a place at once, unless none is free or others wait for it. */
  tryEnter(entrant: Entrant): boolean {
    if (this.open >= this.total || this.#queue.size > 0) return false;
    const host = this.#host(entrant);
    if (host.taken >= this.perHost) return false;
    host.taken++;
    this.#admit(entrant, host);
    return true;
  }

  /** Queues a wait whose `token` is the entrant; it is resolved when the entrant is in. */
  join(wait: Wait<void>): void {
    const entrant = wait.token as Entrant;
    const host = this.#host(entrant);
    if (host.taken < this.perHost) return this.#pass(host, wait);
    entrant.place = "host queue";
    host.queue.push(wait);
  }

  /**
   * Gives back what the entrant has, a place or the wait that stands in a queue for one; who is
   * next gets it.
   */
  leave(entrant: Entrant, wait: Wait<void> | null): void {
    const { place } = entrant;
    const host = entrant.host as Host;
    entrant.place = "none";
    if (place === "host queue") return host.queue.remove(wait as Wait<void>);
    if (place === "common queue") this.#queue.remove(wait as Wait<void>);
    if (place === "open") this.#release(host);
    if (place !== "none") this.#vacate(host);
  }

  #host(entrant: Entrant): Host {
    let host = this.hosts.get(entrant.origin);
    if (host === undefined) this.hosts.set(entrant.origin, (host = new Host(entrant.origin)));
    entrant.host = host;
    return host;
  }

  #release(host: Host): void {
    host.open--;
    this.open--;
    if (this.#queue.size > 0) this.#admitFirst();
  }

  #vacate(host: Host): void {
    host.taken--;
    const next = host.queue.shift();
    if (next !== null) this.#pass(host, next);
    else if (host.taken === 0) this.hosts.delete(host.origin);
  }

  /** Takes the place at the host, and goes on to the common queue. */
  #pass(host: Host, wait: Wait<void>): void {
    host.taken++;
    (wait.token as Entrant).place = "common queue";
    this.#queue.push(wait);
    if (this.open < this.total) this.#admitFirst();
  }

  #admitFirst(): void {
    const wait = this.#queue.shift() as Wait<void>;
    const entrant = wait.token as Entrant;
    this.#admit(entrant, entrant.host as Host);
    wait.resolve();
  }

  #admit(entrant: Entrant, host: Host): void {
    entrant.place = "open";
    host.open++;
    this.open++;
  }
}
