/*
 * Attempt: a wait until a socket is ready: connected, or encrypted.
 *
 * Strategy: what is to become of the socket is made in the very event that says it is ready, so that there is no moment
 * at which nobody listens to it; the waiting code may come to its turn much later. A cancel destroys the socket, which
 * ends the look-up of its name, the connecting and the handshake alike.
 */
import { type EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { cancelledFor } from "../core/cancellation.ts";
import type { TimerHandle } from "../core/clock.ts";
import { TimeoutError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { obey } from "../core/outsideSignal.ts";
import { OUTSIDE } from "../core/outside.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { ConnectionResetError } from "./errors.ts";

/** What an attempt needs to know. */
export interface AttemptPlan<T> {
  /** What diagnostics and errors call it: `openConnection`. */
  readonly label: string;
  /** To whom, in words. */
  readonly whom: string;
  /** Begins; gives the socket to destroy when nothing comes of it. */
  begin(): Socket;
  /** Who says that it is ready, if that is not the socket, and by which event. */
  readonly emitter?: EventEmitter;
  readonly event: "connect" | "secureConnect" | "secureConnection";
  /** Makes what the wait gives. */
  ready(socket: Socket): T;
  /** Milliseconds; Infinity for no limit. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** @internal */
export function attempt<T>(plan: AttemptPlan<T>): Promise<T> {
  return suspend<T, Attempt<T>>(Attempt.start, new Attempt(plan), plan.label);
}

class Attempt<T> {
  readonly #plan: AttemptPlan<T>;
  #socket: Socket | null = null;
  #wait: Wait<T> | null = null;
  #timer: TimerHandle | null = null;
  #disobey: (() => void) | null = null;

  constructor(plan: AttemptPlan<T>) {
    this.#plan = plan;
  }

  static start<T>(this: void, wait: Wait<T>, attempt: Attempt<T>): Cleanup<T, Attempt<T>> | void {
    return attempt.#begin(wait);
  }

  #begin(wait: Wait<T>): Cleanup<T, Attempt<T>> | void {
    const { signal, timeoutMs } = this.#plan;
    if (signal?.aborted === true) return wait.cancel(this.#aborted(signal.reason));
    this.#wait = wait;
    const socket = (this.#socket = this.#plan.begin());
    (this.#plan.emitter ?? socket).on(this.#plan.event, this.#onReady);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
    if (signal !== undefined) {
      this.#disobey = obey(signal, (reason) => wait.cancel(this.#aborted(reason)));
    }
    if (timeoutMs < Infinity) {
      this.#timer = wait.loop.schedule(
        wait.loop.time() + timeoutMs,
        expire,
        this as Attempt<unknown>,
      );
    }
    return Attempt.#giveUp;
  }

  static #giveUp<T>(this: void, _wait: Wait<T>, attempt: Attempt<T>): void {
    attempt.#discard();
  }

  #aborted(reason: unknown): ReturnType<typeof cancelledFor> {
    return cancelledFor(`${this.#plan.label} to ${this.#plan.whom}`, reason);
  }

  readonly #onReady = (given?: unknown): void => {
    const socket = (given as Socket | undefined) ?? (this.#socket as Socket);
    this.#unlisten();
    try {
      this.#wait?.resolve(this.#plan.ready(socket));
    } catch (error) {
      this.#wait?.reject(error);
      socket.destroy();
    }
  };

  readonly #onError = (error: Error): void => {
    const wait = this.#wait;
    this.#discard();
    wait?.reject(named(error, this.#plan));
  };

  readonly #onClose = (): void => {
    const { label, whom } = this.#plan;
    this.#onError(new ConnectionResetError(`${label} to ${whom}: the peer closed the connection`));
  };

  expire(): void {
    const { label, whom, timeoutMs } = this.#plan;
    this.#onError(
      new TimeoutError(`${label} to ${whom} timed out after ${timeoutMs} ms`, timeoutMs),
    );
  }

  /** Nothing comes of it. An error that is on its way must still find a listener, or it would end the process. */
  #discard(): void {
    const socket = this.#socket as Socket;
    this.#unlisten();
    socket.on("error", ignore);
    socket.destroy();
  }

  #unlisten(): void {
    const socket = this.#socket as Socket;
    (this.#plan.emitter ?? socket).off(this.#plan.event, this.#onReady);
    socket.off("error", this.#onError);
    socket.off("close", this.#onClose);
    this.#timer?.cancel();
    this.#disobey?.();
    this.#disobey = null;
  }

  [OUTSIDE](): boolean {
    return true;
  }

  [INSPECT](): string {
    return this.#plan.whom;
  }
}

function expire(attempt: Attempt<unknown>): void {
  attempt.expire();
}

function ignore(): void {}

/** Node's error for several attempts at once has no message of its own. */
function named<T>(error: Error, plan: AttemptPlan<T>): Error {
  if (error instanceof AggregateError && error.message === "") {
    const words = error.errors.map((each: unknown) => (each as Error).message);
    error.message = `${plan.label} to ${plan.whom} failed: ${words.join("; ")}`;
  }
  return error;
}
