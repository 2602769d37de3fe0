/*
 * Dial: one attempt to connect from one simulated host to another.
 *
 * Strategy: as TCP does it. A first packet travels to the server; where something listens, the connection is accepted
 * there, and open here when the answer is back. Where nothing listens, the answer is a refusal. What gets lost on a link
 * that is cut is sent again after 1, 2, 4 … seconds, until the time for connecting is over.
 */
import type { CancelledError } from "../../core/errors.ts";
import { cancelledFor } from "../../core/cancellation.ts";
import type { TimerHandle } from "../../core/clock.ts";
import { INSPECT } from "../../core/inspection.ts";
import type { Loop } from "../../core/loop.ts";
import { obey } from "../../core/outsideSignal.ts";
import { suspend } from "../../core/suspend.ts";
import type { Cleanup, Wait } from "../../core/suspension.ts";
import type { Protocol, Transport } from "../../streams/transport.ts";
import { systemError } from "../systemErrors.ts";
import type { Link } from "./link.ts";

/** What an attempt needs of the network. @internal */
export interface DialPlan<T> {
  readonly there: Link;
  readonly back: Link;
  /** The server's, for errors. */
  readonly address: string;
  readonly port: number;
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** Has the server accept; gives what makes this side's transport, or null when nothing listens. */
  accept(loop: Loop): Accepted | null;
  ready(open: (protocol: Protocol) => Transport): T;
  note(what: string, loop: Loop): void;
}

/** A connection that the server has accepted. @internal */
export interface Accepted {
  open(protocol: Protocol): Transport;
  /** Nobody is there any more who wanted it. */
  forsake(): void;
}

const FIRST_RETRY = 1000;

/** @internal */
export function dial<T>(plan: DialPlan<T>): Promise<T> {
  return suspend<T, Dial<T>>(Dial.start, new Dial(plan), "openConnection");
}

class Dial<T> {
  readonly #plan: DialPlan<T>;
  readonly #timers = new Set<TimerHandle>();
  #loop!: Loop;
  #wait!: Wait<T>;
  #answered = false;
  #disobey: () => void = () => {};

  constructor(plan: DialPlan<T>) {
    this.#plan = plan;
  }

  static start<T>(this: void, wait: Wait<T>, dialled: Dial<T>): Cleanup<T, Dial<T>> | void {
    return dialled.#begin(wait);
  }

  #begin(wait: Wait<T>): Cleanup<T, Dial<T>> | void {
    const { signal, timeout } = this.#plan;
    if (signal?.aborted === true) return wait.cancel(this.#aborted(signal.reason));
    this.#loop = wait.loop;
    this.#wait = wait;
    if (signal !== undefined)
      this.#disobey = obey(signal, (reason) => wait.cancel(this.#aborted(reason)));
    this.#after(this.#loop.time() + timeout, () => this.#fail("ETIMEDOUT"));
    this.#knock(FIRST_RETRY);
    return (_wait, dialled) => dialled.#end();
  }

  #aborted(reason: unknown): CancelledError {
    return cancelledFor(`openConnection to ${this[INSPECT]()}`, reason);
  }

  /** Sends the first packet, and again after a while if there is no answer. */
  #knock(retry: number): void {
    const now = this.#loop.time();
    this.#plan.note("connects", this.#loop);
    this.#after(this.#plan.there.arrival(0, now), () => this.#arrive());
    this.#after(now + retry, () => {
      if (!this.#answered) this.#knock(retry * 2);
    });
  }

  /** The packet is at the server's. */
  #arrive(): void {
    const { there, back } = this.#plan;
    if (this.#answered || there.isCut || back.isCut) return;
    this.#answered = true;
    const accepted = this.#plan.accept(this.#loop);
    const at = back.arrival(0, this.#loop.time());
    // The answer comes even if nobody waits for it any more.
    this.#loop.schedule(at, run, () => this.#open(accepted));
  }

  #open(accepted: Accepted | null): void {
    if (accepted === null) return this.#fail("ECONNREFUSED");
    if (!this.#wait.pending) return accepted.forsake();
    this.#plan.note("is connected", this.#loop);
    this.#end();
    this.#wait.resolve(this.#plan.ready((protocol) => accepted.open(protocol)));
  }

  #fail(code: string): void {
    if (!this.#wait.pending) return;
    this.#plan.note(code, this.#loop);
    this.#end();
    const { address, port } = this.#plan;
    this.#wait.reject(systemError(code, "connect", { address, port }));
  }

  #after(when: number, then: () => void): void {
    if (when === Infinity) return;
    const timer = this.#loop.schedule(when, run, () => {
      this.#timers.delete(timer);
      then();
    });
    this.#timers.add(timer);
  }

  #end(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#disobey();
  }

  /** @internal */
  [INSPECT](): string {
    return `${this.#plan.address}:${this.#plan.port}`;
  }
}

function run(then: () => void): void {
  then();
}
