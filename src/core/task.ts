/*
 * Task: a scope with a body and an outcome.
 *
 * Strategy: a task's turn comes in the async context of its creator (so that stores of the user's own
 * AsyncLocalStorage travel too); there it enters its scope, once in its life, runs the body and is told of its end.
 * That takes no async function of its own and no closure: these are what a task costs.
 * Order: bodies start on the next turn of the ready queue, in creation order; a task that was cancelled before its turn
 * never runs its body.
 */
import { inspect } from "node:util";
import { asCancellation, cancelledFor } from "./cancellation.ts";
import { Context } from "./context.ts";
import {
  namedTaskStarted,
  taskCancelled,
  taskCreated,
  taskEnded,
  taskStarted,
} from "./diagnostics.ts";
import type { TextOutput } from "./ink.ts";
import { INSPECT } from "./inspection.ts";
import { type CancelledError, InvalidStateError } from "./errors.ts";
import { Future } from "./future.ts";
import type { FrameCallGraphEntry } from "./frames.ts";
import { ambient, ambientScope, Scope } from "./scope.ts";
import { obey } from "./outsideSignal.ts";
import { framesOf } from "./places.ts";
import { stepIsLast, stepStarts, watchSteps } from "./steps.ts";
import { lookForSwallowedAtEnd } from "./swallowed.ts";
import { type StackOptions, stackOf, stackText } from "./taskStack.ts";
import { taskWords } from "./taskWords.ts";

/** The body of a task: an async function, or any function that returns a value or a promise. */
export type TaskBody<T> = () => T | PromiseLike<T>;

/** How a task is made. */
export interface TaskOptions {
  /** Name for diagnostics; `Task-N` when left out. */
  readonly name?: string;
  /** Starts the body at once, inside `createTask`, up to its first wait. Default false. */
  readonly eager?: boolean;
  /** Aborting it cancels the task. No listener is left on it when the task has ended. */
  readonly signal?: AbortSignal;
  /** Context variables to run in; a copy of the current ones when left out. */
  readonly context?: Context;
  /** What diagnostics show as the task's function, for bodies that wrap another. @internal */
  readonly shows?: (...args: never[]) => unknown;
}

let created = 0;

/** A name is text, whatever JavaScript hands in (asyncio's `set_name`). */
function textOf(name: unknown): string {
  return String(name);
}

/**
 * A running body and its outcome (`asyncio.Task`).
 *
 * Made by `createTask` and `group.spawn`. `await task` gives what the body returned or throws what it threw, and ties
 * the awaiter to it.
 *
 * **Cancellation:** `cancel()` throws a CancelledError out of what the body waits in; cancelling who awaits the task
 * cancels the task, and the awaiter resumes when it has really ended.
 */
export class Task<T> extends Future<T> implements AsyncDisposable {
  /** @internal */
  readonly scope: Scope;
  /** The name, or the number in `Task-N`. */
  #name: string | number;
  #body: TaskBody<T> | null;
  /** The function that diagnostics show; only its name, once the task is done. */
  #shows: ((...args: never[]) => unknown) | string;

  /** @internal */
  constructor(body: TaskBody<T>, parent: Scope, creator: Scope, options: TaskOptions) {
    super(parent.runner);
    this.#body = body;
    created++;
    this.#name = options.name === undefined ? created : textOf(options.name);
    this.#shows = options.shows ?? body;
    this.scope = new Scope(parent, "task");
    this.scope.body = this;
    this.scope.context = options.context ?? inheritedFrom(creator);
  }

  /** Its name: as given, or `Task-N`. */
  get name(): string {
    return typeof this.#name === "string" ? this.#name : `Task-${this.#name}`;
  }

  set name(name: string) {
    this.#name = textOf(name);
  }

  /** Whether somebody gave it a name. @internal */
  get isNamed(): boolean {
    return typeof this.#name === "string";
  }

  /** An AbortSignal that is aborted when the task is cancelled; made when first asked for. */
  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /**
   * Asks the task to stop: throws a CancelledError out of its pending waits, or out of its next one.
   * @param reason becomes the error's `reason`; a string also its message
   * @returns false when the task is done already
   */
  override cancel(reason?: unknown): boolean {
    return this.cancelWith(cancelledFor(`task '${this.name}'`, reason));
  }

  /** @internal */
  override cancelWith(error: CancelledError): boolean {
    if (this.state !== "pending") return this.refuseCancel();
    if (taskCancelled.hasSubscribers) taskCancelled.publish({ task: this, error });
    this.scope.cancel(error);
    return true;
  }

  /** How many cancels were asked for, less those taken back. */
  cancelling(): number {
    return this.scope.cancels;
  }

  /** Takes one cancel back; at zero, one that was not delivered yet is dropped. Returns what is left. */
  uncancel(): number {
    return this.scope.uncancel();
  }

  /** The task's context variables. */
  getContext(): Context {
    return (this.scope.context ??= new Context());
  }

  /**
   * Where it is: the frames of the user's code, innermost first. Of the running task, those of the running code; of one
   * that has failed, those of its error; of one that waits, those of its waits, taken in debug mode only.
   */
  getStack(options: StackOptions = {}): FrameCallGraphEntry[] {
    return stackOf(this, ambientScope().home.body === this, this.getStack).slice(0, options.limit);
  }

  /** Prints {@link Task.getStack}; `file` is standard error when left out. */
  printStack(options: StackOptions & { readonly file?: TextOutput } = {}): void {
    const { file = process.stderr } = options;
    const frames = stackOf(this, ambientScope().home.body === this, this.printStack);
    const failure = this.state === "rejected" ? this.outcome : undefined;
    file.write(stackText(frames.slice(0, options.limit), inspect(this), failure));
  }

  /** The frames of the user's code that created it, innermost first; taken in debug mode only, otherwise empty. */
  getCreationStack(): FrameCallGraphEntry[] {
    return [...framesOf(this)];
  }

  /** Not even the methods of Future, called on a task, settle it. */
  protected override mustBePending(operation: string): void {
    throw new InvalidStateError(`${operation} on ${inspect(this)}: only its body settles a task`);
  }

  /** @throws {@link InvalidStateError} always: only its body settles a task */
  override setResult(_value: T): never {
    throw new InvalidStateError(
      `setResult on ${inspect(this)}: a task's result is what its body returns`,
    );
  }

  /** @throws {@link InvalidStateError} always: only its body settles a task */
  override setException(_error: unknown): never {
    throw new InvalidStateError(
      `setException on ${inspect(this)}: a task fails with what its body throws`,
    );
  }

  /**
   * Cancels the task and waits until it has ended.
   *
   * **Cancellation:** a cancel of who disposes interrupts the task's clean-up, and passes on when that has ended.
   *
   * @throws what the task failed with, other than its cancellation
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const scope = ambientScope();
    const before = scope.metCancels();
    this.cancel("disposed");
    try {
      await this;
    } catch (error) {
      if (!this.cancelled() || scope.metCancels() > before) throw error;
    }
  }

  /** Enters the scope and starts the body when its turn comes. @internal */
  launch(options: TaskOptions): void {
    if (taskCreated.hasSubscribers) taskCreated.publish({ task: this });
    if (options.signal !== undefined) this.obey(options.signal);
    if (options.eager === true) ambient.run(this.scope, runBody, this.scope);
    else this.scope.loop.begin(start, this.scope);
  }

  /** The body, unless the task was cancelled before its turn came. @internal */
  takeBody(): TaskBody<T> | null {
    const request = this.scope.request;
    if (request !== null) {
      this.finish("cancelled", request);
      return null;
    }
    if (taskStarted.hasSubscribers) taskStarted.publish({ task: this });
    if (namedTaskStarted.hasSubscribers && this.isNamed) namedTaskStarted.publish({ task: this });
    if (this.scope.loop.debug) this.debugStart();
    return this.#body;
  }

  /** @internal */
  fulfil(value: T): void {
    this.finish("fulfilled", value);
  }

  /** @internal */
  fail(error: unknown): void {
    const cancellation = asCancellation(error, this.scope.cancels > 0);
    if (cancellation !== undefined) this.finish("cancelled", cancellation);
    else this.finish("rejected", error);
  }

  private finish(state: "fulfilled" | "rejected" | "cancelled", outcome: unknown): void {
    if (this.scope.loop.debug) this.debugEnd(state, outcome);
    this.#body = null;
    if (typeof this.#shows === "function") this.#shows = this.#shows.name;
    this.scope.end();
    if (taskEnded.hasSubscribers) {
      taskEnded.publish(state === "fulfilled" ? { task: this } : { task: this, error: outcome });
    }
    this.settle(state, outcome);
  }

  private debugStart(): void {
    watchSteps(this.scope.loop, ambient);
    stepStarts(this.scope);
  }

  private debugEnd(state: string, outcome: unknown): void {
    stepIsLast(this.scope);
    if (state === "fulfilled") lookForSwallowedAtEnd(this.scope, outcome);
  }

  private obey(signal: AbortSignal): void {
    const disobey = obey(signal, (reason) => this.cancel(reason));
    this.addWaiter({ settled: disobey, passive: true });
  }

  /** @internal */
  override reportContext(): Context | null {
    return this.scope.context;
  }

  /** @internal */
  override describe(): string {
    return `task '${this.name}'`;
  }

  /** @internal */
  override [INSPECT](): string {
    return taskWords(this, this.#shows);
  }
}

/*
 * Plain functions from here on: the stack of an error that the body throws at once keeps each `this` on it alive, and
 * the task of a failure that nobody looks at would never be collected, and so never reported.
 */

/** Whether the context is kept in frames, as since Node 24, rather than by async_hooks. */
const FRAMES: boolean =
  Number(process.versions.node.split(".")[0]) >= 24 &&
  !`${process.env["NODE_OPTIONS"] ?? ""} ${process.execArgv.join(" ")}`.includes(
    "--no-async-context-frame",
  );

/** The task's turn: enters its scope and runs the body. */
function start(scope: Scope): void {
  // Outside any scope the storage may not have been in use yet; before Node 24 this microtask then has no context.
  if (!FRAMES && ambient.getStore() === undefined) return ambient.run(scope, runBody, scope);
  // Half the price of `run`, which makes a context to go back to: the loop gave the task a microtask of its own, and
  // the context of a microtask ends with it.
  ambient.enterWith(scope);
  runBody(scope);
}

function runBody(scope: Scope): void {
  const task = scope.body as Task<unknown>;
  const body = task.takeBody();
  if (body === null) return;
  let value: unknown;
  try {
    value = body();
    if (isObject(value)) return void Promise.resolve(value).then(bodyReturned, bodyThrew);
  } catch (error) {
    return task.fail(error);
  }
  // It has ended in its first step: no promise is made for it.
  task.fulfil(value);
}

/** What may be a promise, or have a `then`. */
function isObject(value: unknown): boolean {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/*
 * What settles a task when its body has ended. Both find it through the context that they run in, which is the body's
 * own: no closure is made for a task.
 */
function bodyReturned(value: unknown): void {
  (ambientScope().body as Task<unknown>).fulfil(value);
}

function bodyThrew(error: unknown): void {
  (ambientScope().body as Task<unknown>).fail(error);
}

/** The variables that a new task starts with: a copy, made only if there is anything to copy. */
function inheritedFrom(creator: Scope): Context | null {
  const { context } = creator.home;
  return context === null || context.size === 0 ? null : context.copy();
}
