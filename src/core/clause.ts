/*
 * How an object takes part in a `select`: what queues, locks and events in lower floors say to it.
 *
 * Strategy: two questions. Would the wait complete without waiting now? And: begin it. Between the answer to the first
 * and the second nothing else runs, so a `select` takes from one object only; and a wait that was begun and is given up
 * in the instant in which another one completes has taken nothing, as a cancelled wait never has.
 */

/** What can be a clause of a `select` as it is: a queue, a receiver, an event, a lock. */
export interface Selectable<T> {
  /** Its clause. */
  asClause(): Clause<T>;
}

/** One of the waits of a `select`, of which one happens. */
export class Clause<T> implements Selectable<T> {
  /** Whether `begin` would end, well or badly, without waiting. @internal */
  readonly ready: () => boolean;
  /** Begins the wait, which is one wait. @internal */
  readonly begin: () => Promise<T>;

  /** @internal */
  constructor(ready: () => boolean, begin: () => Promise<T>) {
    this.ready = ready;
    this.begin = begin;
  }

  /** Itself. */
  asClause(): this {
    return this;
  }
}
