/*
 * A call on its way through a pool: what to run, for whom, and how its arguments travel.
 */
import { asCancellation } from "../core/cancellation.ts";
import { Context } from "../core/context.ts";
import type { ContextVar } from "../core/contextVar.ts";
import { ambientScope } from "../core/scope.ts";
import { ConcurrentFuture } from "./concurrentFuture.ts";
import { pathOfUncloneable } from "./cloning.ts";
import type { CallMessage, Variables } from "./protocol.ts";
import { type Callable, type Reference, referenceTo } from "./reference.ts";

let ids = 0;

/** @internal */
export class Call {
  readonly id: number = ++ids;
  readonly future: ConcurrentFuture<unknown> = new ConcurrentFuture<unknown>().runsOutside();
  readonly #args: readonly unknown[];
  readonly #chunk: boolean;
  readonly #variables: Variables | null;
  /** Null until it is known where the function is exported. */
  reference: Reference | null = null;

  constructor(args: readonly unknown[], chunk: boolean) {
    this.#args = args;
    this.#chunk = chunk;
    this.#variables = ambientVariables();
  }

  /** Looks for the function; tells `found` when that took time, and settles the future when it cannot be found. */
  locate(fn: Callable, found: () => void): void {
    const reference = referenceTo(fn);
    if (!(reference instanceof Promise)) {
      this.reference = reference;
      return;
    }
    reference
      .then(
        (where) => (this.reference = where),
        (error: unknown) => this.fail(error),
      )
      .then(found, found);
  }

  /** Fails, unless it was cancelled meanwhile. */
  fail(error: unknown): void {
    if (!this.future.done()) this.future.setException(error);
  }

  /** Ends with what the function threw. */
  endBy(thrown: unknown): void {
    const cancellation = asCancellation(thrown, false);
    if (cancellation === undefined) this.fail(thrown);
    else this.future.endCancelled(cancellation);
  }

  message(): CallMessage {
    return {
      id: this.id,
      reference: this.reference as Reference,
      args: this.#args,
      chunk: this.#chunk,
      variables: this.#variables,
    };
  }

  /** Why its arguments could not be sent. */
  refusal(error: unknown): TypeError {
    const path = pathOfUncloneable(this.#args, this.#chunk ? "items" : "args");
    return new TypeError(
      `submit of '${this.reference?.name}': ${path ?? "an argument"} cannot be cloned for another thread; pass plain data`,
      { cause: error },
    );
  }
}

/** The caller's context variables whose values can travel; null when there are none. */
function ambientVariables(): Variables | null {
  const { context } = ambientScope().home;
  if (!(context instanceof Context) || context.size === 0) return null;
  const variables: [string, unknown][] = [];
  for (const [variable, value] of context.entries()) {
    if (pathOfUncloneable(value, "") === undefined) {
      variables.push([(variable as ContextVar<unknown>).name, value]);
    }
  }
  return variables;
}
