/*
 * The selection of one clause among several that wait.
 *
 * Strategy: each clause waits in a scope of its own under the caller's. The scope sees the wait leave its ring, which is
 * the instant in which the wait completes, inside the `put`, `release` or `set` that completed it; there the scopes of
 * the others are ended, and their waits leave their queues before anything else can happen. So no two clauses complete,
 * however close together they become ready, and nothing has to be given back.
 * A cancel from above does the same: the first wait that it ends carries it, the others are given up.
 */
import type { Clause } from "../core/clause.ts";
import { InvalidStateError } from "../core/errors.ts";
import { ambient, ambientScope, Scope } from "../core/scope.ts";
import type { Suspension } from "../core/suspension.ts";

/** A clause and its name. @internal */
export interface Named {
  readonly name: string;
  readonly clause: Clause<unknown>;
}

/** What a selection gives. @internal */
export interface Chosen {
  readonly name: string;
  readonly value: unknown;
}

/** @internal */
export class Selection {
  readonly #parent: Scope = ambientScope();
  readonly #scopes: ClauseScope[] = [];
  #chosen: ClauseScope | null = null;

  /** Begins all clauses, of which none is ready, and waits for the first to complete. */
  async choose(all: readonly Named[]): Promise<Chosen> {
    try {
      return await new Promise<Chosen>((resolve, reject) => {
        for (const each of all) {
          if (this.#chosen !== null) break;
          this.#begin(each, resolve, reject);
        }
      });
    } finally {
      this.#endAllBut(null);
    }
  }

  #begin(
    { name, clause }: Named,
    resolve: (chosen: Chosen) => void,
    reject: (error: unknown) => void,
  ): void {
    if (this.#scopes.length > 0 && clause.ready()) throw meetsItself(name);
    const scope = new ClauseScope(this.#parent, this);
    this.#scopes.push(scope);
    ambient.run(scope, clause.begin).then(
      (value) => resolve({ name, value }),
      // Those that are given up are rejected, too.
      (error: unknown) => void (this.#chosen === scope && reject(error)),
    );
    // Not waiting: it was refused, because a cancel was asked for.
    if (scope.oldestWait === null) this.completed(scope);
  }

  /** The wait of a clause has completed, or has ended otherwise. */
  completed(scope: ClauseScope): void {
    if (this.#chosen !== null) return;
    this.#chosen = scope;
    this.#endAllBut(scope);
  }

  #endAllBut(kept: ClauseScope | null): void {
    for (const scope of this.#scopes) if (scope !== kept && !scope.ended) scope.end();
  }
}

/** Where one clause waits. */
class ClauseScope extends Scope {
  readonly #selection: Selection;

  constructor(parent: Scope, selection: Selection) {
    super(parent, "open");
    this.#selection = selection;
  }

  override unlink(wait: Suspension): void {
    super.unlink(wait);
    this.#selection.completed(this);
  }
}

function meetsItself(name: string): InvalidStateError {
  return new InvalidStateError(
    `select: clause '${name}' would complete through another clause of the same select, such as sending to and ` +
      "receiving from one channel of capacity 0: select on one of the two",
  );
}
