/*
 * The cancellation tree: the one place that cancels.
 *
 * A scope is a node of the tree and holds the waits that are pending in it. The *ambient* scope is the one the running
 * code was called in; it lives in the one AsyncLocalStorage of the library. Each task opens a scope, and so do
 * `timeout`, `taskGroup`, `protect` and `CancelScope` inside a task.
 *
 * The *owner* of a scope is the nearest task scope or shielded scope at or above it: the border of one flow of
 * control. A cancel is delivered once to each owner's territory: to the waits pending there, or, when none is, as a
 * request that the next wait in the scope takes (edge-triggered, as in asyncio). Tasks below are cancelled one by one,
 * so each counts its own requests.
 *
 * Strategy: rings and child lists are linked through the objects themselves (no Set per scope); a wait looks at one
 * number (`owner.undelivered`) to know that nothing is asked of it; an AbortSignal is made when one is asked for.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { cancelled } from "./cancellation.ts";
import { Context } from "./context.ts";
import type { CancelledError } from "./errors.ts";
import { rememberFloating } from "./floatingWork.ts";
import { setCallbackHome } from "./handle.ts";
import type { Loop } from "./loop.ts";
import { ScopeSignals } from "./scopeSignals.ts";
import { defaultLoop } from "./uvLoop.ts";
import { type Suspension, WaitRing } from "./suspension.ts";
import { isThrownIn } from "./throwing.ts";
import { cancelReached, requestTaken } from "./swallowed.ts";

/** What a scope is to its owner: part of the same flow, a flow of its own, or closed to cancels from above. @internal */
export type Border = "open" | "task" | "shield";

/** @internal */
export class Scope extends WaitRing {
  readonly parent: Scope | null;
  readonly border: Border;
  /** The nearest task or shielded scope at or above this one. */
  readonly owner: Scope;
  /** The nearest scope with context variables of its own. */
  home: Scope;
  /** The scope under which `createTask` hangs new tasks. */
  runner: Scope;
  /** The task or other object that this scope belongs to, for `currentTask` and pictures of the tree. */
  body: object | null = null;
  context: Context | null = null;
  youngestChild: Scope | null = null;
  previousSibling: Scope | null = null;
  nextSibling: Scope | null = null;
  /** On an owner: how many scopes of its territory have a request that no wait has taken yet. */
  undelivered = 0;
  /** Cancels asked for, less those taken back by `uncancel`. */
  cancels = 0;
  ended = false;
  #request: CancelledError | null = null;
  #latest: CancelledError | null = null;
  #signals: ScopeSignals | null = null;

  constructor(parent: Scope | null, border: Border, loop: Loop = (parent as Scope).loop) {
    super(loop);
    this.parent = parent;
    this.border = border;
    this.owner = border === "open" && parent !== null ? parent.owner : this;
    this.home = border === "task" || parent === null ? this : parent.home;
    this.runner = parent === null ? this : parent.runner;
    if (parent !== null) this.join(parent);
  }

  private join(parent: Scope): void {
    const sibling = parent.youngestChild;
    parent.youngestChild = this;
    this.previousSibling = sibling;
    if (sibling !== null) sibling.nextSibling = this;
    // Work left floating cannot start anew under a scope that has ended.
    if (parent.ended && this.border === "open") this.ended = true;
  }

  /** The request that no wait has taken yet. */
  get request(): CancelledError | null {
    return this.#request;
  }

  /**
   * Cancels what waits here and below; with nothing waiting, leaves a request for the next wait.
   *
   * One cancel may come down several ways: from the scope above, and through who awaits this task. It is known by its
   * error, which all that it reaches share, and counts once: a second delivery would interrupt the clean-up.
   */
  cancel(error: CancelledError): void {
    if (this.ended) return;
    if (this.#latest === error) return this.breakCircle(error);
    this.#latest = error;
    this.cancels++;
    const below = new Territory(this);
    for (const scope of below.scopes) scope.#latest = error;
    for (const wait of below.waits) wait.cancel(error);
    // Asked of the scope that is cancelled, not of the one that a wait is in: that may end before the next wait.
    if (below.waits.every(hasMissed)) {
      if (!isThrownIn(below.scopes)) this.ask(error);
    } else if (this.loop.debug) cancelReached(this, error, below.waits);
    for (const task of below.tasks) task.cancel(error);
    for (const scope of below.scopes) scope.#signals?.abort(error);
  }

  /** A cancel that comes back while it is handed on went round tasks that await each other: it ends one of the waits. */
  private breakCircle(error: CancelledError): void {
    for (const wait of new Territory(this).waits) if (wait.forwarding) wait.cancel(error);
  }

  /** Takes one cancel back; at zero, a request that no wait has taken yet is dropped (CPython 3.13). */
  uncancel(): number {
    if (this.cancels > 0) this.cancels--;
    if (this.cancels === 0) {
      this.#latest = null;
      this.drop();
    }
    return this.cancels;
  }

  /** Whether the last cancel of a task below came through this scope, and was not taken back. */
  hasReached(task: Scope): boolean {
    return task.#latest !== null && task.#latest === this.#latest;
  }

  /** Counts as knowing of a cancel that is not meant for it. */
  spare(error: CancelledError): void {
    this.#latest = error;
  }

  /** Leaves a request for the next wait. */
  ask(error: CancelledError): void {
    if (this.#request === null) this.owner.undelivered++;
    this.#request = error;
  }

  /** Takes this scope's own request. */
  drop(): CancelledError | null {
    const request = this.#request;
    if (request !== null) {
      this.#request = null;
      this.owner.undelivered--;
    }
    return request;
  }

  /** Why a wait may not begin here now, or null. Takes the request that it returns: it is delivered. */
  refusal(label?: string): CancelledError | null {
    if (this.ended) return cancelled("the scope of this wait has ended");
    return this.owner.undelivered === 0 ? null : this.claim(label);
  }

  /** Takes the outermost request that is meant for code in this scope: an outer cancel wins over an inner deadline. */
  claim(label = "a wait"): CancelledError | null {
    let asked: Scope | null = null;
    for (let at: Scope = this; ; at = at.parent as Scope) {
      if (at.#request !== null) asked = at;
      if (at === this.owner) break;
    }
    if (asked === null) return null;
    const request = asked.drop();
    if (this.loop.debug) requestTaken(asked, request as CancelledError, label, this.claim);
    return request;
  }

  /** How often the scopes above, up to the owner, were cancelled: tells an outer cancel from one's own. */
  outerCancels(): number {
    let count = 0;
    for (let at: Scope = this; at !== this.owner;) {
      at = at.parent as Scope;
      count += at.cancels;
    }
    return count;
  }

  /** Those that were delivered: one that is still asked for is met later, though it was counted. */
  outerCancelsMet(): number {
    let count = this.outerCancels();
    for (let at: Scope = this; at !== this.owner;) {
      at = at.parent as Scope;
      if (at.#request !== null) count--;
    }
    return count;
  }

  /** All cancels that code in this scope may have met: grown between two moments, one came between them. */
  metCancels(): number {
    return this.cancels + this.outerCancels();
  }

  /** Ends the scope: what still waits in it was left floating and dies out. */
  end(): void {
    this.ended = true;
    if (this.#request !== null) this.drop();
    this.sweep();
    if (this.parent !== null) this.part(this.parent);
  }

  private part(parent: Scope): void {
    const older = this.previousSibling;
    const younger = this.nextSibling;
    if (older !== null) older.nextSibling = younger;
    if (younger !== null) younger.previousSibling = older;
    else parent.youngestChild = older;
    this.previousSibling = this.nextSibling = null;
  }

  /** Lets what was left floating here die out, as at the end of the scope, and leaves the scope open. */
  sweep(): void {
    if (this.oldestWait !== null || this.youngestChild !== null) this.abandon();
  }

  private abandon(): void {
    const error = cancelled("the scope that this work was left in has ended");
    const below = new Territory(this, true);
    if (this.loop.debug) rememberFloating(below.scopes, below.waits);
    for (const scope of below.scopes) if (scope !== this) scope.ended = true;
    for (const wait of below.waits) wait.abandon(error);
    for (const task of below.tasks) task.cancel(error);
    for (const scope of below.scopes) scope.#signals?.abort(error);
  }

  /** The signal that stays aborted once the scope was cancelled. */
  get signal(): AbortSignal {
    this.#signals ??= new ScopeSignals();
    return this.#signals.lasting(this.cancels > 0 || this.ended);
  }

  /** The signal for work that begins now: aborted by the *next* cancel, so that clean-up code can use it too. */
  get freshSignal(): AbortSignal {
    this.#signals ??= new ScopeSignals();
    return this.#signals.fresh();
  }

  /** The pending waits of this scope's own flow, nested and shielded scopes included, oldest first in each. */
  pendingWaits(): Suspension[] {
    return new Territory(this, true).waits;
  }

  /** The scopes of the tasks right below, not those of tasks of theirs. */
  tasksBelow(): Scope[] {
    return new Territory(this).tasks;
  }

  /** The children, oldest first. */
  get children(): Scope[] {
    const children: Scope[] = [];
    for (let at = this.youngestChild; at !== null; at = at.previousSibling) children.push(at);
    return children.reverse();
  }
}

function hasMissed(wait: Suspension): boolean {
  return wait.missed;
}

/** What a cancel of a scope reaches: the waits and scopes of its own flow, and the tasks right below it. */
class Territory {
  readonly waits: Suspension[] = [];
  readonly tasks: Scope[] = [];
  readonly scopes: Scope[] = [];

  constructor(scope: Scope, throughShields = false) {
    this.enter(scope, throughShields);
  }

  private enter(scope: Scope, throughShields: boolean): void {
    this.scopes.push(scope);
    this.collectWaits(scope);
    if (scope.youngestChild === null) return;
    for (const child of scope.children) {
      if (child.border === "task") this.tasks.push(child);
      else if (child.border === "open" || throughShields) this.enter(child, throughShields);
    }
  }

  private collectWaits(scope: Scope): void {
    const first = scope.oldestWait;
    if (first === null) return;
    let at: Suspension = first;
    do {
      this.waits.push(at);
      at = at.next as Suspension;
    } while (at !== first);
  }
}

/** The only AsyncLocalStorage of the library: the scope that the running code was called in. @internal */
export const ambient: AsyncLocalStorage<Scope> = new AsyncLocalStorage();

async function adopt<T>(value: T | PromiseLike<T>): Promise<T> {
  return await value;
}

/**
 * Calls the body in the scope. A task or future that it returns is awaited in the scope too, not outside of it.
 * @internal
 */
export function enterScope<A, T>(
  scope: Scope,
  body: (argument: A) => T | PromiseLike<T>,
  argument: A,
): T | PromiseLike<T> {
  const result = ambient.run(scope, body, argument);
  return result instanceof Promise ? result : ambient.run(scope, adopt, result);
}

/** A copy of the current task's context variables. @internal */
export function copyOfContext(): Context {
  return ambientScope().home.context?.copy() ?? new Context();
}

/**
 * Calls `callback` as the loop does: in no task, but in the run of whoever scheduled it, with these context variables
 * until it returns. It opens no scope: what it leaves running goes on until the run ends. @internal
 */
export function callInContext(context: Context, callback: () => void): void {
  ambient.run(ambientScope().runner, callWith, context, callback);
}

function callWith(context: Context, callback: () => void): void {
  const { home } = ambientScope();
  const own = home.context;
  home.context = context;
  try {
    callback();
  } finally {
    home.context = own;
  }
}

setCallbackHome({
  copyContext: copyOfContext,
  call: callInContext,
  run: () => (ambientScope().runner === rootScope ? null : ambientScope().runner),
});

/** Code that runs outside `run` is in this one; it never ends. @internal */
export const rootScope: Scope = new Scope(null, "shield", defaultLoop);

/** @internal */
export function ambientScope(): Scope {
  return ambient.getStore() ?? rootScope;
}

/** The loop in charge of the running code (`asyncio.get_running_loop`). */
export function getRunningLoop(): Loop {
  return ambientScope().loop;
}
