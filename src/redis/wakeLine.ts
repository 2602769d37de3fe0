/*
 * Where a client is told that the turn of one of its waiters has come.
 *
 * Strategy: one subscription for all waiters of a client, on a connection of its own. Who is woken before it waits does
 * not wait at all. Messages may be lost: so a waiter never relies on one, but looks again after a while, and at once when
 * the connection is back.
 */
import { randomUUID } from "node:crypto";
import type { TimerHandle } from "../core/clock.ts";
import { OUTSIDE } from "../core/outside.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import type { Connection } from "./connection.ts";
import { WAKE } from "./leaseScripts.ts";

/** One who waits for its turn. @internal */
export class Waiter {
  /** By which the scripts know it. */
  readonly name: string;
  woken = false;
  wait: Wait<void> | null = null;
  timer: TimerHandle | null = null;
  patience = 0;

  constructor(name: string) {
    this.name = name;
  }

  wake(): void {
    this.woken = true;
    this.timer?.cancel();
    this.wait?.resolve();
  }

  /** Waits until its turn may have come, at most so many milliseconds. */
  async turn(ms: number): Promise<void> {
    this.patience = ms;
    if (!this.woken) await suspend<void, Waiter>(linger, this, "redis lock");
    this.woken = false;
  }

  [OUTSIDE](): boolean {
    return true;
  }
}

function linger(wait: Wait<void>, waiter: Waiter): Cleanup<void, Waiter> {
  waiter.wait = wait;
  const { loop } = wait;
  waiter.timer = loop.schedule(loop.time() + waiter.patience, resume, waiter);
  return leave;
}

function resume(waiter: Waiter): void {
  waiter.wait?.resolve();
}

function leave(_wait: Wait<void>, waiter: Waiter): void {
  waiter.timer?.cancel();
}

/** @internal */
export class WakeLine {
  readonly #id = randomUUID();
  readonly #connection: Connection;
  readonly #waiters = new Map<string, Waiter>();
  #count = 0;
  #asked = false;
  /** Whether the server tells us now. */
  connected = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.onReady = () => void this.#subscribe();
    connection.onLost = () => (this.connected = false);
    connection.driver.on("message", (_channel: string, name: string) => {
      this.#waiters.get(name)?.wake();
    });
  }

  /** A waiter of this client, to be handed back. */
  enter(): Waiter {
    const waiter = new Waiter(`${this.#id}:${++this.#count}`);
    this.#waiters.set(waiter.name, waiter);
    return waiter;
  }

  leave(waiter: Waiter): void {
    this.#waiters.delete(waiter.name);
  }

  /** Begins to listen: somebody has to wait. */
  listen(): void {
    if (this.#asked || this.#connection.closed) return;
    this.#asked = true;
    this.#connection.driver.connect().catch(nothing);
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#connection.request("subscribe", [WAKE + this.#id]);
    } catch (error) {
      return this.#connection.closed ? undefined : this.#connection.giveUp(error as Error);
    }
    this.connected = true;
    // What was told meanwhile, nobody has heard.
    for (const waiter of this.#waiters.values()) waiter.wake();
  }

  close(): Promise<void> {
    for (const waiter of this.#waiters.values()) waiter.wake();
    return this.#connection.destroy();
  }
}

function nothing(): void {}
