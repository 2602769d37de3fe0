/*
 * The context variables of a call that came from another thread.
 *
 * Strategy: a variable is an object, and each thread has its own; so values travel by the variable's name, and are found
 * by it when the code here asks for a variable that it has not set itself.
 * Limits: two variables of one name see each other's value here.
 */
import { type Binding, Context } from "../core/context.ts";
import type { Variables } from "./protocol.ts";

interface Named {
  readonly name?: string;
}

/** @internal */
export class ArrivedContext extends Context {
  readonly #arrived: ReadonlyMap<string, unknown>;

  constructor(variables: Variables | ReadonlyMap<string, unknown>, own: Binding | null = null) {
    super(own);
    this.#arrived = variables instanceof Map ? variables : new Map(variables as Variables);
  }

  override copy(): Context {
    return new ArrivedContext(this.#arrived, this.newest);
  }

  /** Those that have arrived go on from here, too, to workers of this one. */
  override *entries(): Iterable<readonly [variable: object, value: unknown]> {
    const own = new Set<string | undefined>();
    for (const entry of super.entries()) {
      own.add((entry[0] as Named).name);
      yield entry;
    }
    for (const [name, value] of this.#arrived) if (!own.has(name)) yield [{ name }, value];
  }

  override get size(): number {
    return super.size + this.#arrived.size;
  }

  override has(variable: Named): boolean {
    return super.has(variable) || this.#arrived.has(variable.name ?? "");
  }

  override get(variable: Named): unknown {
    return super.has(variable) ? super.get(variable) : this.#arrived.get(variable.name ?? "");
  }
}
