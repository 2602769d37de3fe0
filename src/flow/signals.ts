/*
 * signals: what the operating system sends, as an async iterator.
 *
 * Strategy: handlers are there from the call on, so no signal is lost between two steps; the
 * signals are claimed, so that `run` leaves them to this program. Signals that were not looked at
 * when the iteration is left are sent again, and mean what they would have meant without it (trio's
 * rule).
 * Limits: Node's signal handles do not hold the process, so a message port does, while somebody
 * waits. In worker threads no signals arrive. Whoever installs a handler of his own by `process.on`
 * gets the signal too.
 */
import { constants } from "node:os";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { outOfRange, wrongType } from "../core/arguments.ts";
import { getRunningLoop } from "../core/scope.ts";
import { claimSignal } from "../core/signals.ts";
import { UvLoop } from "../core/uvLoop.ts";
import { attach, type Listener } from "./emitter.ts";
import { EventBuffer, type Feed } from "./eventBuffer.ts";

/** Signals as they come; leaving its `for await`, or its `await using` block, takes the handlers off. */
export interface SignalIterator
  extends AsyncIterableIterator<NodeJS.Signals, undefined>, AsyncDisposable {
  /** Takes the handlers off. A step that waits ends, done. */
  return(): Promise<IteratorResult<NodeJS.Signals, undefined>>;
}

/**
 * Iterates over signals of the operating system, in the order in which they come.
 *
 * They are received from the call on, so that none is lost between two steps, and do nothing else
 * meanwhile: SIGINT and SIGTERM do not cancel the `run` that they are taken from. A signal that came
 * but was not looked at when the iteration is left is sent again. A step that waits keeps the
 * process alive; it is no outside work: in virtual time a test sends the signal, by `process.emit`.
 *
 * **Cancellation:** a cancel of the scope that called `signals` ends it, at the step that waits. A narrower
 * one, around one step, loses no signal and goes on receiving. An iterator that is not iterated over to
 * its end, or by a `for await`, must be closed by `return()` or `await using`.
 *
 * @param names at least one, such as `"SIGTERM"`
 * @throws RangeError when there is no such signal here, or it cannot be handled (SIGKILL, SIGSTOP)
 *
 * @example
 * ```ts
 * import { signals } from "ambit";
 *
 * const received = signals("SIGHUP", "SIGUSR2");
 * process.emit("SIGHUP", "SIGHUP"); // stands in for the system's
 * for await (const signal of received) {
 *   signal; // => "SIGHUP"
 *   break; // from here on SIGHUP ends the process again
 * }
 * ```
 */
export function signals(...names: [NodeJS.Signals, ...NodeJS.Signals[]]): SignalIterator {
  if (names.length === 0) throw outOfRange("names", "at least one signal", names);
  for (const name of names) expectSignal("names", name);
  return new SignalFeed(new Set(names)).open();
}

/** @internal */
export function expectSignal(parameter: string, name: unknown): void {
  if (typeof name !== "string") throw wrongType(parameter, "the name of a signal", name);
  const known = Object.hasOwn(constants.signals, name) && name !== "SIGKILL" && name !== "SIGSTOP";
  if (!known) throw outOfRange(parameter, "a signal that can be handled here", name);
}

class SignalFeed implements Feed {
  readonly name: string;
  readonly #names: ReadonlySet<NodeJS.Signals>;
  readonly #received = new EventBuffer<NodeJS.Signals>("signals", this);
  #release: (() => void) | null = null;
  #alive: MessagePort | null = null;

  constructor(names: ReadonlySet<NodeJS.Signals>) {
    this.name = [...names].join(" ");
    this.#names = names;
  }

  open(): EventBuffer<NodeJS.Signals> {
    const listener: Listener = (name) => this.#received.push(name as NodeJS.Signals);
    const detach = attach(
      process,
      [...this.#names].map((name) => [name, listener]),
    );
    const claims = [...this.#names].map(claimSignal);
    this.#release = () => {
      detach();
      for (const unclaim of claims) unclaim();
    };
    return this.#received;
  }

  stop(): void {
    this.#release?.();
    for (const name of this.#received.takeAll()) sendAgain(name);
  }

  awaited(yes: boolean): void {
    if (yes === (this.#alive !== null)) return;
    this.#alive?.close();
    this.#alive = null;
    // In virtual time an open handle would look like work outside, for which time stands still.
    if (!yes || !(getRunningLoop() instanceof UvLoop)) return;
    this.#alive = new MessageChannel().port1;
    this.#alive.ref();
  }
}

/** To who else listens, such as `run`; with nobody there, the system does what it does by default. */
function sendAgain(name: NodeJS.Signals): void {
  if (process.listenerCount(name) > 0) process.emit(name, name);
  else process.kill(process.pid, name);
}
