/*
 * ContextVar: a value that belongs to a task and is inherited by copy (`contextvars`).
 *
 * Strategy: looks in the Context of the ambient scope's task. Set in a nested scope (a timeout, a task group's body), it
 * is seen by the rest of the task; set in a child task, it stays there.
 */
import { expectFunction } from "./arguments.ts";
import { Context } from "./context.ts";
import { ambient, ambientScope, Scope } from "./scope.ts";

/** Undoes one `set`, see {@link ContextVar.reset}. */
export interface Token<T> {
  /** The value before; undefined when there was none. */
  readonly oldValue: T | undefined;
  /** @internal */
  readonly had: boolean;
  /** @internal */
  readonly variable: ContextVar<T>;
}

function contextOf({ home }: Scope): Context {
  return (home.context ??= new Context());
}

/**
 * A variable with one value per task.
 *
 * @example
 * ```ts
 * import { ContextVar, createTask } from "ambit";
 *
 * const user = new ContextVar("user", { defaultValue: "nobody" });
 * user.set("ada");
 * await createTask(async () => user.get()); // => "ada"
 * ```
 */
export class ContextVar<T> {
  readonly name: string;
  readonly #default: { readonly value: T } | null;

  constructor(name: string, options: { readonly defaultValue: T } | Record<string, never> = {}) {
    this.name = name;
    this.#default = "defaultValue" in options ? { value: options.defaultValue } : null;
  }

  /**
   * The value in the current task; `fallback`, or else the variable's default, when it was never set.
   * @throws ReferenceError when there is no value at all
   */
  get(fallback?: T): T {
    return this.getIn(ambientScope(), fallback);
  }

  /** As `get` there. @internal */
  getIn(scope: Scope, fallback?: T): T {
    const { context } = scope.home;
    if (context !== null) {
      const value = context.get(this) as T | undefined;
      if (value !== undefined || context.has(this)) return value as T;
    }
    if (fallback !== undefined) return fallback;
    if (this.#default !== null) return this.#default.value;
    throw new ReferenceError(
      `get of context variable '${this.name}', which has no value here: set it, or give a default`,
    );
  }

  /** Sets the value in the current task; the token takes it back. */
  set(value: T): Token<T> {
    const context = contextOf(ambientScope());
    const had = context.has(this);
    const token = { oldValue: had ? (context.get(this) as T) : undefined, had, variable: this };
    context.set(this, value);
    return token;
  }

  /** As `set` there, for who never takes it back. @internal */
  putIn(scope: Scope, value: T): void {
    contextOf(scope).set(this, value);
  }

  /**
   * Restores the value from before the `set` that gave the token.
   * @throws RangeError when the token belongs to another variable
   */
  reset(token: Token<T>): void {
    if (token.variable !== this)
      throw new RangeError(
        `reset of context variable '${this.name}' with a token of '${token.variable.name}'`,
      );
    if (token.had) contextOf(ambientScope()).set(this, token.oldValue);
    else contextOf(ambientScope()).delete(this);
  }
}

/** A copy of the current task's context variables (`contextvars.copy_context`). */
export function copyContext(): Context {
  return ambientScope().home.context?.copy() ?? new Context();
}

/**
 * Calls `callback` with the context's variables; what it sets stays in the context (`Context.run`).
 *
 * @example
 * ```ts
 * import { ContextVar, copyContext, runInContext } from "ambit";
 *
 * const depth = new ContextVar("depth", { defaultValue: 0 });
 * const context = copyContext();
 * runInContext(context, () => depth.set(1));
 * [depth.get(), runInContext(context, () => depth.get())]; // => [0, 1]
 * ```
 */
export function runInContext<T>(context: Context, callback: () => T): T {
  expectFunction("callback", callback);
  const parent = ambientScope();
  const scope = new Scope(parent, "open");
  scope.home = scope;
  scope.body = parent.home.body;
  scope.context = context;
  let result: T | null = null;
  try {
    result = ambient.run(scope, callback);
    return result instanceof Promise ? (endAfter(scope, result) as T) : result;
  } finally {
    if (!(result instanceof Promise)) scope.end();
  }
}

async function endAfter<T>(scope: Scope, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } finally {
    scope.end();
  }
}
