/*
 * Leases of a name on the server: what locks and semaphores stand on.
 *
 * Strategy: a lease is asked for, and who does not get it stands in line on the server, in the order of the asking. It is
 * asked for again when its turn has come, when the lease of a holder ends, and now and then, so that the server knows
 * that the waiter lives. An attempt whose connection broke is repeated: a waiter is known by name, and granted once.
 * Limits: one server, or one master: a lease that a master has granted and not yet told its replica is lost with the
 * master. Fencing tokens are what protects then.
 */
import { expectFunction, expectInteger, expectMilliseconds, wrongType } from "../core/arguments.ts";
import { protect } from "../core/shield.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Connection } from "./connection.ts";
import { RedisConnectionError, RedisLoadingError, RedisTimeoutError } from "./errors.ts";
import { RedisHold } from "./hold.ts";
import { ACQUIRE, HELD, RELEASE, RENEW } from "./leaseScripts.ts";
import { evaluate } from "./script.ts";
import type { Waiter, WakeLine } from "./wakeLine.ts";

/** How long a lock or a permit is held without word from its holder. */
export interface LeaseOptions {
  /**
   * Milliseconds after which what a killed holder held is free again, an integer of at least 10. Default 10,000. A living
   * holder renews its lease every third of that.
   */
  readonly lease?: number;
}

/** How long to wait for a lock or a permit. */
export interface AcquireOptions {
  /** Milliseconds; Infinity (default) for no limit. */
  readonly timeout?: number;
}

/** What leases need of a client. @internal */
export interface LeaseHome {
  readonly connection: Connection;
  readonly wakeLine: WakeLine;
}

/** For how many milliseconds a waiter is believed to live, and how often it shows that it does. */
const LIFE = 3000;
const HEARTBEAT = 1000;
/** How often it looks while it is not woken by the server. */
const UNTOLD = 100;

/** The leases of one name. @internal */
export class Leases {
  readonly home: LeaseHome;
  readonly kind: string;
  readonly name: string;
  readonly permits: number;
  readonly lease: number;
  readonly #keys: string[];

  constructor(home: LeaseHome, kind: string, name: string, permits: number, options: LeaseOptions) {
    if (typeof name !== "string" || name === "") throw wrongType("name", "a string", name);
    const { lease = 10_000 } = options;
    expectInteger("permits", permits, 1);
    expectInteger("options.lease", lease, 10);
    this.home = home;
    this.kind = kind;
    this.name = name;
    this.permits = permits;
    this.lease = lease;
    const base = `ambit:${kind}:{${name}}`;
    this.#keys = [base, `${base}:count`, `${base}:line`, `${base}:alive`];
  }

  /** As errors tell it. */
  get title(): string {
    return `${this.kind} "${this.name}"`;
  }

  /** How many hold a lease now. */
  async held(): Promise<number> {
    return evaluate(this.home.connection, HELD, this.#keys, []);
  }

  /** Takes a lease if one is free; null if none is. */
  async tryAcquire(): Promise<RedisHold | null> {
    const { wakeLine } = this.home;
    const waiter = wakeLine.enter();
    try {
      return await this.#ask(waiter, 0).then(([hold]) => hold);
    } catch (error) {
      await this.#giveUp(waiter);
      throw error;
    } finally {
      wakeLine.leave(waiter);
    }
  }

  /** Takes a lease, after waiting for it in line. */
  async acquire({ timeout = Infinity }: AcquireOptions): Promise<RedisHold> {
    expectMilliseconds("options.timeout", timeout);
    const { wakeLine } = this.home;
    const until = getRunningLoop().time() + timeout;
    const waiter = wakeLine.enter();
    try {
      for (;;) {
        const [hold, again] = await this.#ask(waiter, LIFE);
        if (hold !== null) return hold;
        const left = until - getRunningLoop().time();
        if (left <= 0) throw this.#tooLate(timeout);
        wakeLine.listen();
        const interval = wakeLine.connected ? HEARTBEAT : UNTOLD;
        await waiter.turn(Math.min(left, again, interval));
      }
    } catch (error) {
      await this.#giveUp(waiter);
      throw error;
    } finally {
      wakeLine.leave(waiter);
    }
  }

  #tooLate(timeout: number): Error {
    const words = `not to be had within ${timeout} ms: others hold it, or come first`;
    return new RedisTimeoutError(this.title, words, timeout);
  }

  /** Asks once. The lease counts from before the asking: it never ends later here than on the server. */
  async #ask(waiter: Waiter, life: number): Promise<[hold: RedisHold | null, again: number]> {
    const from = getRunningLoop().time();
    const args = [waiter.name, this.lease, this.permits, life];
    try {
      const [token, again] = await evaluate(this.home.connection, ACQUIRE, this.#keys, args);
      return [token > 0 ? new RedisHold(this, waiter.name, token, from) : null, again];
    } catch (error) {
      // It may have been granted: asking again by the same name tells.
      const repeats = life > 0 && error instanceof RedisConnectionError && error.sent;
      if (!repeats && !(error instanceof RedisLoadingError && life > 0)) throw error;
      return [null, UNTOLD];
    }
  }

  /** Leaves the line, and what may have been granted. */
  #giveUp(waiter: Waiter): Promise<void> {
    return protect(async () => {
      // Without a connection, the server forgets the waiter by itself.
      if (this.home.connection.ready) await this.release(waiter.name).catch(nothing);
    });
  }

  /** Prolongs a lease; false when it is lost. */
  async renew(owner: string): Promise<boolean> {
    return (await evaluate(this.home.connection, RENEW, this.#keys, [owner, this.lease])) === 1;
  }

  /** Gives a lease back; false when it was lost before. */
  async release(owner: string): Promise<boolean> {
    return (await evaluate(this.home.connection, RELEASE, this.#keys, [owner, this.permits])) === 1;
  }

  /** Runs a body that holds a lease; the loss of it cancels the body. */
  async run<T>(body: (hold: RedisHold) => T | PromiseLike<T>, options: AcquireOptions): Promise<T> {
    expectFunction("body", body);
    const hold = await this.acquire(options);
    return hold.lend(body);
  }
}

function nothing(): void {}
