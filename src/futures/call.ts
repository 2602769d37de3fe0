/*
 * A call on its way through a pool: what to run, for whom, and how its arguments travel.
 */
import type { TransferListItem } from "node:worker_threads";
import { asCancellation } from "../core/cancellation.ts";
import { ambientScope, type Scope } from "../core/scope.ts";
import { Task } from "../core/task.ts";
import { detachCallbacks } from "./callback.ts";
import { CallbackDesk } from "./callbackDesk.ts";
import { CallFuture, type Driver, type FutureCall } from "./callFuture.ts";
import type { CallWorker } from "./callPicture.ts";
import type { ConcurrentFuture } from "./concurrentFuture.ts";
import { pathOfUncloneable } from "./cloning.ts";
import { type ExecutorCallEvent, tellEnded } from "./diagnostics.ts";
import { appendCall, type CallPlace, placeOfCall } from "./errorStacks.ts";
import type { Medium } from "./medium.ts";
import { Arriving, unpackNow, unpackThrown } from "./parcel.ts";
import type { CallMessage, Ending, Variables } from "./protocol.ts";
import { type Callable, type Reference, referenceTo } from "./reference.ts";
import { ambientVariables } from "./departingVariables.ts";
import { ResultStream } from "./resultStream.ts";
import type { CallbackMark, FromCall, Manners, Say } from "./talk.ts";
import { collectTransfers } from "./transfer.ts";

/** A call whose function is being looked for, and who is told when that is found. */
interface Seeker {
  readonly call: Call;
  readonly found: () => void;
}

/** Many calls of one function look for it together. */
const seekers = new WeakMap<Promise<Reference>, Seeker[]>();

const NONE: readonly CallbackMark[] = [];
let ids = 0;
let underWay = 0;

/** @internal */
export class Call implements FutureCall {
  readonly id: number = ++ids;
  readonly #future = new CallFuture(this);
  #args: readonly unknown[];
  readonly #chunk: boolean;
  readonly #scope: Scope = ambientScope();
  readonly #medium: Medium;
  readonly #variables: Variables | null;
  #place: CallPlace | null = null;
  #stream: ResultStream<unknown> | null = null;
  #window = 0;
  #desk: CallbackDesk | null = null;
  #callbacks: readonly CallbackMark[] = NONE;
  /** Null while nobody listens. */
  readonly #event: ExecutorCallEvent | null;
  /** What gets it on without the loop, where that can be done. */
  driver: Driver | null = null;
  /** Null until it is known where the function is exported. */
  reference: Reference | null = null;
  /** Whether some of its arguments were moved: it can't be sent again. */
  moves = false;
  /** Who has it; null while it waits, and when it has ended. */
  worker: CallWorker | null = null;

  constructor(
    args: readonly unknown[],
    chunk: boolean,
    medium: Medium,
    event: ExecutorCallEvent | null,
  ) {
    underWay++;
    void this.#future.runsOutside();
    this.#args = args;
    this.#chunk = chunk;
    this.#medium = medium;
    this.#event = event;
    const variables = ambientVariables(medium);
    this.#variables = event === null ? variables : event.variablesOver(variables);
  }

  get future(): ConcurrentFuture<unknown> {
    return this.#future;
  }

  /** Who cancels it does not wait until it has ended. */
  abandonable(): void {
    this.#future.abandons = true;
  }

  /** It gives a stream of items, so many of them ahead of the reader. */
  streams(window: number): ResultStream<unknown> {
    this.#window = window;
    this.#stream = new ResultStream(this.future, window);
    return this.#stream;
  }

  /** Looks for functions of the caller's among the arguments; true when there are some, now taken out. */
  detachCallbacks(): boolean {
    if (this.#desk !== null) return false;
    const detached = detachCallbacks(this.#args);
    if (detached === null) return false;
    this.#args = detached.args;
    this.#callbacks = detached.callbacks;
    this.#desk = new CallbackDesk(detached.functions, this.#scope);
    return true;
  }

  /** It goes to a worker. */
  goesTo(worker: CallWorker): void {
    this.worker = worker;
  }

  /** It waits again: its worker ended before it began. */
  comesBack(): void {
    this.worker = null;
    this.future.takeBack();
  }

  /** @param error what it failed with, or was cancelled with; null when it has not @internal */
  over(error: unknown): void {
    underWay--;
    if (this.#event !== null) tellEnded(this.#event, this.worker?.name ?? null, error);
    this.worker = null;
  }

  /** It is with a worker, and can be spoken to. */
  lend(say: Say): void {
    this.#stream?.lend(say);
    this.#desk?.lend(say);
  }

  /** @internal */
  heard(what: FromCall): void {
    this.#stream?.heard(what);
    this.#desk?.heard(what);
  }

  /** Whether it is spoken to while it runs. */
  get talks(): boolean {
    return this.#stream !== null || this.#desk !== null;
  }

  /** It has ended; after what it called back has, too. */
  conclude(ending: Ending): void {
    if (this.#event !== null) this.#event.ran = ending.took;
    if (this.#desk === null) this.#settle(ending);
    else void this.#desk.close().then(() => this.#settle(ending));
  }

  #settle(ending: Ending): void {
    if ("thrown" in ending)
      this.endBy((this.#future.blocks ? unpackNow : unpackThrown)(ending.thrown));
    else if (!this.future.done()) this.future.setResult(ending.value);
  }

  /** It ends with its worker. */
  lose(end: () => void): void {
    if (this.#desk === null) end();
    else void this.#desk.close().then(end);
  }

  /** Looks for the function; tells `found` when that took time, and settles the future when it cannot be found. */
  locate(fn: Callable, found: () => void): void {
    this.#place = placeOfCall(fn, this.future.getLoop().debug ? 0 : underWay);
    const reference = referenceTo(fn);
    if (!(reference instanceof Promise)) {
      this.reference = reference;
      return;
    }
    const others = seekers.get(reference);
    if (others !== undefined) others.push({ call: this, found });
    else seek(reference, { call: this, found });
  }

  /** Fails, unless it was cancelled meanwhile. */
  fail(error: unknown): void {
    if (!this.future.done()) this.future.setException(error);
  }

  /** Ends with what the function threw. */
  endBy(thrown: unknown): void {
    if (thrown instanceof Arriving)
      return void thrown.thrown.then((arrived) => this.endBy(arrived));
    const cancellation = asCancellation(thrown, false);
    if (cancellation === undefined) {
      appendCall(thrown, this.reference?.name ?? "", this.#place);
      this.fail(thrown);
    } else this.future.endCancelled(cancellation);
  }

  /** Puts what is moved with it onto the list, and remembers whether that is anything. */
  collect(list: TransferListItem[]): void {
    this.moves = this.#medium.moves && collectTransfers(this.#args, list);
  }

  /** @param fn the number that its function has in the worker */
  message(fn: number): CallMessage {
    return {
      id: this.id,
      fn,
      args: this.#args,
      how: this.#how(),
      variables: this.#variables,
      caller: callerIn(this.#scope),
    };
  }

  #how(): boolean | Manners {
    if (!this.talks) return this.#chunk;
    return {
      stream: this.#stream === null ? null : this.#window,
      chunk: this.#chunk,
      callbacks: this.#callbacks,
    };
  }

  /** Why its arguments could not be sent. */
  refusal(error: unknown): TypeError {
    const path = pathOfUncloneable(this.#args, this.#chunk ? "items" : "args", this.#medium);
    return new TypeError(
      `submit of '${this.reference?.name}': ${path ?? "an argument"} cannot be cloned for another ${this.#medium.noun}; pass plain data`,
      { cause: error },
    );
  }
}

function seek(finding: Promise<Reference>, first: Seeker): void {
  const all = [first];
  seekers.set(finding, all);
  const each = (tell: (call: Call) => void): void => {
    for (const { call, found } of all) {
      tell(call);
      found();
    }
  };
  void finding.then(
    (where) => each((call) => (call.reference = where)),
    (error: unknown) => each((call) => call.fail(error)),
  );
}

/** The name of the task that submitted it; empty for code outside any. */
function callerIn(scope: Scope): string {
  const { body } = scope.home;
  return body instanceof Task ? body.name : "";
}
