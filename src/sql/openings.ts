/*
 * The connections that are being opened.
 *
 * Limits: they are opened in no task: no cancel reaches that, only `connectTimeout` and the end of the pool.
 */
import type { Loop } from "../core/loop.ts";
import { ambient, rootScope } from "../core/scope.ts";
import { DatabaseConnectionError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { PoolDriver } from "./poolDriver.ts";

/** The pool, as connections that are being opened know it. @internal */
export interface OpeningHome<L extends Link> {
  readonly loop: Loop;
  opened(link: L): void;
  notOpened(error: Error): void;
}

/** @internal */
export class Openings<L extends Link> {
  readonly #home: OpeningHome<L>;
  readonly #driver: PoolDriver<L>;
  readonly #limit: number;
  readonly #pending = new Set<Opening<L>>();

  constructor(home: OpeningHome<L>, driver: PoolDriver<L>, limit: number) {
    this.#home = home;
    this.#driver = driver;
    this.#limit = limit;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Begins to open one more. */
  open(): void {
    const home = this.#home;
    const opening = new Opening<L>(this.#driver, (error, link) => {
      this.#pending.delete(opening);
      if (error === null) home.opened(link as L);
      else home.notOpened(error);
    });
    this.#pending.add(opening);
    opening.begin(home.loop, this.#limit);
  }

  /** The pool is closed. */
  giveUp(): void {
    const words = `connecting to ${this.#driver.peer} was given up: the pool is closed`;
    for (const opening of this.#pending) opening.fail(words);
  }
}

/** One of them. */
class Opening<L extends Link> {
  readonly #driver: PoolDriver<L>;
  readonly #done: (error: Error | null, link?: L) => void;
  #over = false;
  #timer: { cancel(): void } | null = null;
  #abort: (() => void) | null = null;

  constructor(driver: PoolDriver<L>, done: (error: Error | null, link?: L) => void) {
    this.#driver = driver;
    this.#done = done;
  }

  begin(loop: Loop, limit: number): void {
    const tooLong = (): void =>
      this.fail(`no connection to ${this.#driver.peer} within ${limit} ms`);
    if (limit !== Infinity)
      this.#timer = loop.schedule<() => void>(loop.time() + limit, call, tooLong);
    // In no task: the socket outlives whoever happens to need it first.
    try {
      this.#abort = ambient.run(rootScope, () => this.#driver.open(this.#finish));
    } catch (error) {
      this.#finish(error as Error);
    }
  }

  /** Gives it up. */
  fail(words: string): void {
    this.#abort?.();
    this.#finish(new DatabaseConnectionError(words));
  }

  readonly #finish = (error: Error | null, link?: L): void => {
    if (this.#over) return link?.destroy("nobody waits for it");
    this.#over = true;
    this.#timer?.cancel();
    this.#done(error, link);
  };
}

function call(run: () => void): void {
  run();
}
