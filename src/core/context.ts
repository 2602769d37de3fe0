/*
 * Context variables (`contextvars`): values that belong to a task and are inherited by copy.
 *
 * Strategy: a Context is an immutable map behind one reference; to copy is to copy the reference, to set is to replace
 * the map, so that spawning a task costs nothing for variables that nobody sets. The ambient scope says which Context
 * is current (`scope.ts`); AsyncLocalStorage stores of the user's own travel by themselves and are not part of it.
 */

const NONE: ReadonlyMap<object, unknown> = new Map();

/** A set of context variables' values. `copyContext()` gives a copy of the current one. */
export class Context {
  #values: ReadonlyMap<object, unknown>;

  /** @internal */
  constructor(values: ReadonlyMap<object, unknown> = NONE) {
    this.#values = values;
  }

  /** An independent copy; costs one small object. */
  copy(): Context {
    return new Context(this.#values);
  }

  /** How many variables have a value. */
  get size(): number {
    return this.#values.size;
  }

  /** The variables that have a value, with it. @internal */
  entries(): Iterable<readonly [variable: object, value: unknown]> {
    return this.#values.entries();
  }

  /** @internal */
  has(variable: object): boolean {
    return this.#values.has(variable);
  }

  /** @internal */
  get(variable: object): unknown {
    return this.#values.get(variable);
  }

  /** @internal */
  set(variable: object, value: unknown): void {
    this.#values = new Map(this.#values).set(variable, value);
  }

  /** @internal */
  delete(variable: object): void {
    const values = new Map(this.#values);
    values.delete(variable);
    this.#values = values;
  }
}
