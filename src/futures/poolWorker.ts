/*
 * A worker of a pool, as the pool sees it: what was sent to it, what of that has begun, how it is stopped.
 *
 * Strategy: a worker runs one call at a time, in the order sent. A call that is to stop is asked first (`stopping.ts`); after
 * the grace period the worker is ended. What it had not begun by then goes back to the pool; the call that it ran never
 * runs twice. Only its link knows of threads and processes.
 */
import type { TransferListItem } from "node:worker_threads";
import type { CancelledError } from "../core/errors.ts";
import type { Call } from "./call.ts";
import { flatCalls } from "./callRuns.ts";
import type { CallWorker, Stage } from "./callPicture.ts";
import { tellWord } from "./diagnostics.ts";
import { eachEnding } from "./endingRuns.ts";
import type { Initializer } from "./initializer.ts";
import type { Link, LinkOwner, WorkerEnd } from "./link.ts";
import { lossOf } from "./loss.ts";
import { whenArrived } from "./parcel.ts";
import { type Ending, type FromWorker } from "./protocol.ts";
import type { PoolWorkerOwner, PoolWorkerPlan } from "./poolWorkerPlan.ts";
import { type Reference, referenceTo } from "./reference.ts";
import { Stopping } from "./stopping.ts";
import type { ToCall } from "./talk.ts";
import { ToldWorker } from "./toldWorker.ts";
import { WorkerTrees } from "./workerTrees.ts";

const NOTHING: readonly TransferListItem[] = [];

/** @internal */
export class PoolWorker<L extends Link> implements LinkOwner, CallWorker {
  readonly name: string;
  readonly #owner: PoolWorkerOwner<PoolWorker<L>>;
  readonly link: L;
  readonly #calls = new Map<number, Call>();
  readonly #stopping: Stopping;
  readonly #told: ToldWorker;
  readonly trees: WorkerTrees;
  /** How many of its calls have ended, as far as it has told. */
  #ended = 0;
  /** How many more it may be given. */
  #left: number;
  /** Whether it was ready to run calls at some time. */
  wasReady = false;
  /** Whether its initializer is being looked for. */
  initializes = false;
  /** Whether it was told to end. */
  #ending = false;
  /** What the calls that it has begun fail with, when the pool gives it up. */
  #fate: Error | null = null;

  constructor(owner: PoolWorkerOwner<PoolWorker<L>>, name: string, plan: PoolWorkerPlan<L>) {
    const { grace, initializer, limits, maxTasks, open } = plan;
    this.name = name;
    this.#owner = owner;
    this.#left = maxTasks;
    this.link = open(name, initializer !== null, this);
    this.#stopping = new Stopping(this.link, grace);
    this.#told = new ToldWorker(this.link);
    this.trees = new WorkerTrees(this.link);
    if (limits.idle !== Infinity || limits.heap !== Infinity)
      this.link.send({ watch: limits }, NOTHING);
    if (initializer !== null) void this.#initialize(initializer);
  }

  async #initialize({ fn, args }: Initializer): Promise<void> {
    try {
      const reference = referenceTo(fn);
      this.initializes = reference instanceof Promise;
      const initialize = reference instanceof Promise ? await reference : reference;
      this.link.send({ initialize, args }, NOTHING);
    } catch (error) {
      this.#owner.broken(error);
    } finally {
      this.initializes = false;
    }
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
      call.goesTo(this);
      if (call.talks) call.lend((what, moved) => this.#say(call.id, what, moved));
    }
    try {
      this.#told.ofModules();
      const told = this.#told;
      const messages = calls.map((call) =>
        call.message(told.numberOf(call.reference as Reference)),
      );
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

  /** Something to a call that runs. @throws when it can't be cloned */
  #say(id: number, what: ToCall, moved = NOTHING): void {
    if (this.#calls.has(id)) this.link.send({ tell: id, what }, moved);
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

  where(): string {
    return `${this.name} (${this.link.where()})`;
  }

  stageOf(id: number): Stage {
    if (!this.wasReady) return "starting";
    if (this.link.running() === id) return "running";
    // Calls begin in the order in which they were sent.
    const begun = [...this.#calls.keys()].slice(0, this.link.begun() - this.#ended);
    return begun.includes(id) ? "ended" : "sent";
  }

  isStopping(id: number): boolean {
    return this.#stopping.has(id);
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
    if ("broken" in message) return whenArrived(message.broken, this.#owner.broken);
    if ("told" in message) return this.#calls.get(message.told)?.heard(message.what);
    if ("tree" in message) return this.trees.heard(message.tree, message.text);
    if ("use" in message) return this.#consider(message.use);
    if ("word" in message) return tellWord(message.word, message.value);
    if ("endings" in message) eachEnding(message.endings, this.#conclude);
    else this.wasReady = true;
    this.#rest();
  }

  #consider(use: "idle" | "heavy"): void {
    if (use === "heavy") this.retire();
    else if (this.#calls.size === 0) this.#owner.idle(this);
  }

  readonly #conclude = (ending: Ending): void => {
    this.#ended++;
    const call = this.#calls.get(ending.id);
    if (call === undefined) return;
    this.#calls.delete(ending.id);
    const stopped = this.#stopping.end(ending.id);
    this.#owner.ended(call, ending, stopped === null);
  };

  /** An idle worker does not keep the program alive. One that has done its share ends. */
  #rest(): void {
    if (this.wasReady && this.#calls.size === 0) {
      if (this.#left > 0) this.link.release();
      else this.close();
    }
    this.#owner.free();
  }

  stop(id: number, error: CancelledError): boolean {
    if (!this.#calls.has(id)) return false;
    if (!this.#stopping.has(id)) this.#stopping.ask(id, error);
    return true;
  }

  /** @internal */
  ended(end: WorkerEnd): void {
    const running = this.link.running();
    // Calls begin in the order in which they were sent. What has begun and not told its end must not run again.
    let begun = this.link.begun() - this.#ended;
    const unbegun: Call[] = [];
    for (const call of this.#calls.values()) {
      const stopped = this.#stopping.end(call.id);
      const hasBegun = begun-- > 0;
      if (call.id === running) this.#owner.lost(call);
      if (stopped !== null) call.lose(() => call.future.endCancelled(stopped));
      else if (hasBegun) {
        const how = call.id === running ? "while it ran" : "before it told the result of";
        const fate = this.#fate ?? lossOf(call.reference, end, how);
        call.lose(() => call.fail(fate));
      } else if (call.moves)
        call.fail(lossOf(call.reference, end, "with the arguments that were moved to it for"));
      else unbegun.push(call);
    }
    this.#calls.clear();
    this.#stopping.endAll();
    this.trees.end();
    this.#owner.gone(this, unbegun);
    const failure = end.failure ?? (end.exitCode > 0 ? new Error(end.words) : undefined);
    if (!this.wasReady && !this.#ending && failure !== undefined) this.#owner.broken(failure);
  }
}
