/*
 * A worker of a pool, as the pool sees it: what was sent to it, what of that has begun, how it is stopped.
 *
 * Strategy: a worker runs one call at a time, in the order sent. A call that is to stop is asked first (an abort
 * signal, a mark that it can look at); after the grace period the worker is ended. What it had not begun by then goes
 * back to the pool; the call that it ran never runs twice.
 * Limits: knows nothing of threads and processes; its link does.
 */
import type { TransferListItem } from "node:worker_threads";
import type { TimerHandle } from "../core/clock.ts";
import type { CancelledError } from "../core/errors.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Call } from "./call.ts";
import { WorkerLostError } from "./errors.ts";
import type { Initializer } from "./initializer.ts";
import type { Link, LinkMaker, LinkOwner, WorkerEnd } from "./link.ts";
import { Arriving, unpackThrown } from "./parcel.ts";
import { eachEnding, type Ending, flatCalls, type FromWorker } from "./protocol.ts";
import { type Reference, referenceTo } from "./reference.ts";
import type { ToCall } from "./talk.ts";
import type { WatchLimits } from "./workerWatch.ts";

/** What a pool hears of its workers. @internal */
export interface PoolWorkerOwner<L extends Link> {
  /** A call has ended; the worker may have room now. */
  ended(call: Call, ending: Ending): void;
  /** Its calls have ended, or it is ready to be given some. */
  free(): void;
  /** Its initializer failed, or it could not start. */
  broken(cause: unknown): void;
  /** It is gone; these calls had not begun. */
  gone(worker: PoolWorker<L>, unbegun: readonly Call[]): void;
  /** It has been idle for long. */
  idle(worker: PoolWorker<L>): void;
}

/** How the workers of a pool are. @internal */
export interface PoolWorkerPlan<L extends Link> {
  /** Milliseconds that a cancelled call has to stop by itself. */
  readonly grace: number;
  /** How many calls one may be given before it is replaced. */
  readonly maxTasks: number;
  /** When one is of no more use. */
  readonly limits: WatchLimits;
  readonly initializer: Initializer | null;
  readonly open: LinkMaker<L>;
}

interface Stop {
  readonly error: CancelledError;
  readonly timer: TimerHandle;
}

let treesAsked = 0;
const NOTHING: readonly TransferListItem[] = [];

/** @internal */
export class PoolWorker<L extends Link> implements LinkOwner {
  readonly name: string;
  readonly #owner: PoolWorkerOwner<L>;
  readonly #grace: number;
  readonly link: L;
  readonly #calls = new Map<number, Call>();
  readonly #stops = new Map<number, Stop>();
  /** The functions that it knows, by module and name. */
  readonly #functions = new Map<string, number>();
  /** The same, by what is at hand. */
  readonly #numbers = new WeakMap<Reference, number>();
  /** How many of its calls have ended, as far as it has told. */
  #ended = 0;
  /** How many more it may be given. */
  #left: number;
  #ready = false;
  #initializes = false;
  /** Whether it was told to end. */
  #ending = false;
  /** What the calls that it has begun fail with, when the pool gives it up. */
  #fate: Error | null = null;
  /** Who waits for its tree of tasks. */
  readonly #trees = new Map<number, (text: string) => void>();

  constructor(owner: PoolWorkerOwner<L>, name: string, plan: PoolWorkerPlan<L>) {
    const { grace, initializer, limits, maxTasks, open } = plan;
    this.name = name;
    this.#owner = owner;
    this.#grace = grace;
    this.#left = maxTasks;
    this.link = open(name, initializer !== null, this);
    if (limits.idle !== Infinity || limits.heap !== Infinity)
      this.link.send({ watch: limits }, NOTHING);
    if (initializer !== null) void this.#initialize(initializer);
  }

  async #initialize({ fn, args }: Initializer): Promise<void> {
    try {
      const reference = referenceTo(fn);
      this.#initializes = reference instanceof Promise;
      const initialize = reference instanceof Promise ? await reference : reference;
      this.link.send({ initialize, args }, NOTHING);
    } catch (error) {
      this.#owner.broken(error);
    } finally {
      this.#initializes = false;
    }
  }

  /** Whether its initializer is being looked for. */
  get initializes(): boolean {
    return this.#initializes;
  }

  /** How many calls it has been given. */
  get load(): number {
    return this.#calls.size;
  }

  /** How many more it can be given when it may have `depth`. */
  room(depth: number): number {
    return this.#ending ? 0 : Math.min(depth - this.#calls.size, this.#left);
  }

  /** Whether it has nothing to do, and can be given something. */
  get idle(): boolean {
    return this.#calls.size === 0 && this.#left > 0 && !this.#ending;
  }

  /** Whether it was ready to run calls at some time. */
  get wasReady(): boolean {
    return this.#ready;
  }

  /** Whether it ended though nobody told it to. */
  get lost(): boolean {
    return !this.#ending;
  }

  /** Sends calls, in this order; one whose arguments cannot be cloned fails alone. */
  send(calls: readonly Call[]): void {
    if (this.#calls.size === 0) this.link.hold();
    this.#left -= calls.length;
    for (const call of calls) {
      this.#calls.set(call.id, call);
      if (call.talks) call.lend((what) => this.#say(call.id, what));
      call.future.lendStopper((error) => this.#stop(call, error));
    }
    try {
      const messages = calls.map((call) => call.message(this.#numberOf(call)));
      const moved: TransferListItem[] = [];
      for (const call of calls) call.collect(moved);
      this.link.send({ calls: flatCalls(messages) }, moved);
    } catch (error) {
      this.#left += calls.length;
      const [first] = calls;
      if (calls.length === 1 && first !== undefined) {
        return first.detachCallbacks() ? this.send(calls) : this.#refuse(first, error);
      }
      for (const call of calls) this.send([call]);
    }
  }

  /** Of a call's function, which the worker is told once. */
  #numberOf({ reference }: Call): number {
    const known = this.#numbers.get(reference as Reference);
    if (known !== undefined) return known;
    const { url, name } = reference as Reference;
    const key = `${url}#${name}`;
    const before = this.#functions.get(key);
    const number = before ?? this.#functions.size;
    this.#numbers.set(reference as Reference, number);
    if (before !== undefined) return before;
    this.#functions.set(key, number);
    this.link.send({ define: number, reference: { url, name } }, NOTHING);
    return number;
  }

  /** Something to a call that runs. @throws when it can't be cloned */
  #say(id: number, what: ToCall): void {
    if (this.#calls.has(id)) this.link.send({ tell: id, what }, NOTHING);
  }

  #refuse(call: Call, error: unknown): void {
    this.#calls.delete(call.id);
    call.fail(call.refusal(error));
    this.#rest();
  }

  /** It gets no more calls, and ends when it has none. */
  retire(): void {
    this.#left = 0;
    if (this.#calls.size === 0) this.close();
  }

  /** What its tasks wait for, as text; null when it does not answer in time because it computes. */
  taskTree(patience: number): Promise<string | null> {
    const number = ++treesAsked;
    return new Promise((resolve) => {
      const answer = (text: string | null): void => {
        timer.cancel();
        this.#trees.delete(number);
        resolve(text);
      };
      const timer = getRunningLoop().callLater(patience, () => answer(null));
      this.#trees.set(number, answer);
      this.link.send({ tree: number }, NOTHING);
    });
  }

  /** The name of the function that it runs. */
  get runs(): string | undefined {
    return this.#calls.get(this.link.running())?.reference?.name;
  }

  /** Ends it; the pool does so when it is idle. */
  close(): void {
    this.#ending = true;
    this.link.close();
  }

  /** Ends it by a signal. What it has begun by then fails with `fate`. */
  abandon(signal: NodeJS.Signals, fate: Error): void {
    this.#ending = true;
    this.#fate = fate;
    this.link.kill(signal);
  }

  /** Ends it with all that it was given. */
  breakDown(error: unknown): void {
    for (const call of this.#calls.values()) call.fail(error);
    this.#calls.clear();
    this.#ending = true;
    this.link.kill();
  }

  /** @internal */
  heard(message: FromWorker): void {
    if ("broken" in message) return this.#break(unpackThrown(message.broken));
    if ("told" in message) return this.#calls.get(message.told)?.heard(message.what);
    if ("tree" in message) return this.#trees.get(message.tree)?.(message.text);
    if ("use" in message) return this.#consider(message.use);
    if ("endings" in message) eachEnding(message.endings, this.#conclude);
    else this.#ready = true;
    this.#rest();
  }

  #consider(use: "idle" | "heavy"): void {
    if (use === "heavy") this.retire();
    else if (this.#calls.size === 0) this.#owner.idle(this);
  }

  #break(thrown: unknown): void {
    if (!(thrown instanceof Arriving)) return this.#owner.broken(thrown);
    void thrown.thrown.then((arrived) => this.#owner.broken(arrived));
  }

  readonly #conclude = (ending: Ending): void => {
    this.#ended++;
    const call = this.#calls.get(ending.id);
    if (call === undefined) return;
    this.#calls.delete(ending.id);
    this.#endStop(ending.id);
    this.#owner.ended(call, ending);
  };

  /** An idle worker does not keep the program alive. One that has done its share ends. */
  #rest(): void {
    if (this.#ready && this.#calls.size === 0) {
      if (this.#left > 0) this.link.release();
      else this.close();
    }
    this.#owner.free();
  }

  /** Asks for the end of a call: by message, and by the mark that a hot loop can look at; then by ending the worker. */
  #stop(call: Call, error: CancelledError): boolean {
    if (!this.#calls.has(call.id)) return false;
    if (this.#stops.has(call.id)) return true;
    const loop = getRunningLoop();
    const timer = loop.schedule(loop.time() + this.#grace, endIfRunning, this);
    this.#stops.set(call.id, { error, timer });
    const link = this.link;
    if (!this.#stops.has(link.stopping()) || link.running() === call.id) link.askToStop(call.id);
    link.send({ stop: call.id, message: error.message, reason: plain(error.reason) }, NOTHING);
    return true;
  }

  /** The grace period of some call is over. @internal */
  endIfRunning(): void {
    if (this.#stops.has(this.link.running())) this.link.kill();
  }

  #endStop(id: number): Stop | undefined {
    const stop = this.#stops.get(id);
    if (stop === undefined) return undefined;
    stop.timer.cancel();
    this.#stops.delete(id);
    const [next = 0] = this.#stops.keys();
    if (this.link.stopping() === id) this.link.askToStop(next);
    return stop;
  }

  /** @internal */
  ended(end: WorkerEnd): void {
    const running = this.link.running();
    // Calls begin in the order in which they were sent. What has begun and not told its end must not run again.
    let begun = this.link.begun() - this.#ended;
    const unbegun: Call[] = [];
    for (const call of this.#calls.values()) {
      const stop = this.#endStop(call.id);
      const hasBegun = begun-- > 0;
      const fate = this.#fate;
      if (stop !== undefined) call.lose(() => call.future.endCancelled(stop.error));
      else if (hasBegun && fate !== null) call.lose(() => call.fail(fate));
      else if (hasBegun) {
        const how = call.id === running ? "while it ran" : "before it told the result of";
        call.lose(() => call.fail(lost(call, end, how)));
      } else if (call.moves)
        call.fail(lost(call, end, "with the arguments that were moved to it for"));
      else unbegun.push(call);
    }
    this.#calls.clear();
    for (const answer of this.#trees.values()) answer("(it has ended)");
    this.#owner.gone(this, unbegun);
    const failure = end.failure ?? (end.exitCode > 0 ? new Error(end.words) : undefined);
    if (!this.#ready && !this.#ending && failure !== undefined) this.#owner.broken(failure);
  }
}

function lost(call: Call, { words, exitCode, failure }: WorkerEnd, how: string): WorkerLostError {
  const why = failure === undefined ? {} : { cause: failure };
  return new WorkerLostError(`${words} ${how} '${call.reference?.name}'`, exitCode, why);
}

function endIfRunning(worker: PoolWorker<Link>): void {
  worker.endIfRunning();
}

/** What of a reason can travel. */
function plain(reason: unknown): unknown {
  return typeof reason === "object" || typeof reason === "function" ? undefined : reason;
}
