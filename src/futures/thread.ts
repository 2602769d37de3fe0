/*
 * A thread of a pool, as the pool sees it: what was sent to it, what of that has begun, how it is stopped.
 *
 * Strategy: the thread runs one call at a time, in the order sent. A call that is to stop is asked first (an abort
 * signal, a flag in shared memory); after the grace period the thread is ended. What it had not begun by then goes back
 * to the pool; the call that it ran never runs twice.
 * Limits: a thread inside native code ends only when that returns.
 */
import { Worker, type WorkerOptions } from "node:worker_threads";
import { createRequire } from "node:module";
import type { TimerHandle } from "../core/clock.ts";
import type { CancelledError } from "../core/errors.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Call } from "./call.ts";
import { WorkerLostError } from "./errors.ts";
import { unpackThrown } from "./parcel.ts";
import { type Callable, referenceTo } from "./reference.ts";
import {
  BEGUN,
  type Ending,
  type FromWorker,
  RUNNING,
  SHARED,
  STOPPING,
  type ToWorker,
  type WorkerStart,
} from "./protocol.ts";

/** What is called in a thread before its first call. @internal */
export interface Initializer {
  readonly fn: Callable;
  readonly args: readonly unknown[];
}

/** What a pool hears of its threads. @internal */
export interface ThreadOwner {
  /** A call has ended; the thread may have room now. */
  ended(call: Call, ending: Ending): void;
  /** Its calls have ended, or it is ready to be given some. */
  free(): void;
  /** Its initializer failed, or it could not start. */
  broken(cause: unknown): void;
  /** It is gone; these calls had not begun. */
  gone(thread: Thread, unbegun: readonly Call[]): void;
}

interface Stop {
  readonly error: CancelledError;
  readonly timer: TimerHandle;
}

/** @internal */
export class Thread {
  readonly name: string;
  readonly #owner: ThreadOwner;
  readonly #grace: number;
  readonly #shared = new Int32Array(new SharedArrayBuffer(4 * SHARED));
  readonly #worker: Worker;
  readonly #calls = new Map<number, Call>();
  readonly #stops = new Map<number, Stop>();
  /** How many of its calls have ended, as far as it has told. */
  #ended = 0;
  #failure: unknown = undefined;
  #ready = false;

  constructor(owner: ThreadOwner, name: string, grace: number, initializer: Initializer | null) {
    this.name = name;
    this.#owner = owner;
    this.#grace = grace;
    const initializing = initializer !== null;
    const workerData: WorkerStart = { name, shared: this.#shared, initializing };
    // Threads load compiled code, also when this file runs as TypeScript; `imports` says where.
    const entry = createRequire(import.meta.url).resolve("#futures-thread");
    this.#worker = makeWorker(entry, { name, workerData });
    this.#worker.on("message", (message: FromWorker) => this.#hear(message));
    this.#worker.on("error", (error) => (this.#failure = error));
    this.#worker.on("exit", (code) => this.#onExit(code));
    if (initializer !== null) void this.#initialize(initializer);
  }

  async #initialize({ fn, args }: Initializer): Promise<void> {
    try {
      this.#post({ initialize: await referenceTo(fn), args });
    } catch (error) {
      this.#owner.broken(error);
    }
  }

  /** How many calls it has been given. */
  get load(): number {
    return this.#calls.size;
  }

  /** Sends calls, in this order; one whose arguments cannot be cloned fails alone. */
  send(calls: readonly Call[]): void {
    if (this.#calls.size === 0) this.#worker.ref();
    for (const call of calls) {
      this.#calls.set(call.id, call);
      call.future.lendStopper((error) => this.#stop(call, error));
    }
    try {
      this.#post({ calls: calls.map((call) => call.message()) });
    } catch (error) {
      if (calls.length === 1) return this.#refuse(calls[0] as Call, error);
      for (const call of calls) this.send([call]);
    }
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #refuse(call: Call, error: unknown): void {
    this.#calls.delete(call.id);
    call.fail(call.refusal(error));
    this.#rest();
  }

  /** Ends it; the pool does so when it is idle. */
  close(): void {
    void this.#worker.terminate();
  }

  /** Ends it with all that it was given. */
  breakDown(error: unknown): void {
    for (const call of this.#calls.values()) call.fail(error);
    this.#calls.clear();
    this.close();
  }

  #hear(message: FromWorker): void {
    if ("broken" in message) return this.#owner.broken(unpackThrown(message.broken));
    if ("endings" in message) for (const ending of message.endings) this.#conclude(ending);
    else this.#ready = true;
    this.#rest();
  }

  #conclude(ending: Ending): void {
    this.#ended++;
    const call = this.#calls.get(ending.id);
    if (call === undefined) return;
    this.#calls.delete(ending.id);
    this.#endStop(ending.id);
    this.#owner.ended(call, ending);
  }

  /** An idle thread does not keep the process alive. */
  #rest(): void {
    if (this.#ready && this.#calls.size === 0) this.#worker.unref();
    this.#owner.free();
  }

  /** Asks for the end of a call: by message, and by the flag that a hot loop can look at; then by ending the thread. */
  #stop(call: Call, error: CancelledError): boolean {
    if (!this.#calls.has(call.id)) return false;
    if (this.#stops.has(call.id)) return true;
    const loop = getRunningLoop();
    const timer = loop.schedule(loop.time() + this.#grace, endIfRunning, this);
    this.#stops.set(call.id, { error, timer });
    if (!this.#stops.has(this.#flagged()) || this.#running() === call.id) this.#flag(call.id);
    this.#post({ stop: call.id, message: error.message, reason: plain(error.reason) });
    return true;
  }

  #flagged(): number {
    return Atomics.load(this.#shared, STOPPING);
  }

  #running(): number {
    return Atomics.load(this.#shared, RUNNING);
  }

  #flag(id: number): void {
    Atomics.store(this.#shared, STOPPING, id);
  }

  /** The grace period of some call is over. @internal */
  endIfRunning(): void {
    if (this.#stops.has(this.#running())) void this.#worker.terminate();
  }

  #endStop(id: number): Stop | undefined {
    const stop = this.#stops.get(id);
    stop?.timer.cancel();
    this.#stops.delete(id);
    const [next = 0] = this.#stops.keys();
    if (this.#flagged() === id) this.#flag(next);
    return stop;
  }

  #onExit(code: number): void {
    const running = this.#running();
    // Calls begin in the order in which they were sent. What has begun and not told its end must not run again.
    let begun = Atomics.load(this.#shared, BEGUN) - this.#ended;
    const unbegun: Call[] = [];
    for (const call of this.#calls.values()) {
      const stop = this.#endStop(call.id);
      const hasBegun = begun-- > 0;
      if (stop !== undefined) call.future.endCancelled(stop.error);
      else if (hasBegun) call.fail(this.#lost(call, code, call.id === running));
      else unbegun.push(call);
    }
    this.#calls.clear();
    if (!this.#ready && this.#failure !== undefined) this.#owner.broken(this.#failure);
    this.#owner.gone(this, unbegun);
  }

  #lost(call: Call, code: number, running: boolean): WorkerLostError {
    const why = this.#failure === undefined ? {} : { cause: this.#failure };
    const when = running ? "while it ran" : "before it told the result of";
    return new WorkerLostError(
      `the thread '${this.name}' ended with code ${code} ${when} '${call.reference?.name}'`,
      code,
      why,
    );
  }
}

/** Flags that say what to run, which a thread knows, and a text to run, which Node refuses beside a file. */
const OWN_FLAGS =
  /^(-e|-p|-pe|-i|-c|--eval|--print|--interactive|--check|--input-type|--test)(=|$)/;
const FLAGS_WITH_TEXT = new Set(["-e", "-p", "-pe", "--eval", "--print", "--input-type"]);

/** With the process's own flags, but for those; Node checks flags only where they are given, and refuses some. */
function makeWorker(entry: string, options: WorkerOptions): Worker {
  const flags = process.execArgv.filter(
    (flag, at, all) => !OWN_FLAGS.test(flag) && !FLAGS_WITH_TEXT.has(all[at - 1] ?? ""),
  );
  if (flags.length === process.execArgv.length) return new Worker(entry, options);
  try {
    return new Worker(entry, { ...options, execArgv: flags });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_WORKER_INVALID_EXEC_ARGV") throw error;
    return new Worker(entry, { ...options, execArgv: [] });
  }
}

function endIfRunning(thread: Thread): void {
  thread.endIfRunning();
}

/** What of a reason can travel. */
function plain(reason: unknown): unknown {
  return typeof reason === "object" || typeof reason === "function" ? undefined : reason;
}
