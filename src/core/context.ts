/*
 * Context variables (`contextvars`): values that belong to a task and are inherited by copy.
 *
 * Strategy: a Context is an immutable chain of variables behind one reference; to copy is to copy the reference, to set
 * is to put one in front, so that spawning a task costs nothing for variables that nobody sets, and setting one in a
 * task costs as little. The ambient scope says which Context is current (`scope.ts`); AsyncLocalStorage stores of the
 * user's own travel by themselves and are not part of it.
 * Limits: a variable is looked for along the chain, in which each stands once; programs have a handful of them.
 */

/** A variable's value, and those that were set before it. @internal */
export interface Binding {
  readonly variable: object;
  readonly value: unknown;
  readonly older: Binding | null;
}

/** A set of context variables' values. `copyContext()` gives a copy of the current one. */
export class Context {
  #newest: Binding | null;

  /** @internal */
  constructor(newest: Binding | null = null) {
    this.#newest = newest;
  }

  /** An independent copy; costs one small object. */
  copy(): Context {
    return new Context(this.#newest);
  }

  /** How many variables have a value. */
  get size(): number {
    let size = 0;
    for (let at = this.#newest; at !== null; at = at.older) size++;
    return size;
  }

  /** Of a copy. @internal */
  protected get newest(): Binding | null {
    return this.#newest;
  }

  /** The variables that have a value, with it, in the order in which they got their first one. @internal */
  entries(): Iterable<readonly [variable: object, value: unknown]> {
    const entries: [object, unknown][] = [];
    for (let at = this.#newest; at !== null; at = at.older) entries.push([at.variable, at.value]);
    return entries.reverse();
  }

  /** @internal */
  has(variable: object): boolean {
    for (let at = this.#newest; at !== null; at = at.older)
      if (at.variable === variable) return true;
    return false;
  }

  /** @internal */
  get(variable: object): unknown {
    for (let at = this.#newest; at !== null; at = at.older)
      if (at.variable === variable) return at.value;
    return undefined;
  }

  /** @internal */
  set(variable: object, value: unknown): void {
    const newest = this.#newest;
    if (newest === null || !this.has(variable)) this.#newest = { variable, value, older: newest };
    else this.#newest = rebuilt(newest, variable, ({ older }) => ({ variable, value, older }));
  }

  /** @internal */
  delete(variable: object): void {
    const newest = this.#newest;
    if (newest !== null && this.has(variable))
      this.#newest = rebuilt(newest, variable, ({ older }) => older);
  }
}

/** The chain, in which a variable that is in it has another value, or none. */
function rebuilt(
  chain: Binding,
  variable: object,
  instead: (found: Binding) => Binding | null,
): Binding | null {
  const newer: Binding[] = [];
  let at = chain;
  for (; at.variable !== variable; at = at.older as Binding) newer.push(at);
  let made = instead(at);
  for (const { variable: each, value } of newer.reverse())
    made = { variable: each, value, older: made };
  return made;
}
