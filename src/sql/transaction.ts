/*
 * Transactions: all of it, or nothing.
 *
 * Strategy: the body's end decides. It returns: COMMIT. It throws or is cancelled: ROLLBACK, before the connection goes
 * back (atomic.ts). A nested transaction is a savepoint.
 * What was cut short (a statement that was cancelled or timed out, a deadlock) leaves a transaction of which nobody
 * knows how much was done: even if the body catches the error, it can't be committed.
 * Limits: one statement at a time; others of the same transaction wait in line.
 */
import { isCancelled } from "../core/errors.ts";
import { wrongType } from "../core/arguments.ts";
import { retry } from "../flow/retry.ts";
import { Lock } from "../sync/lock.ts";
import type { Guard } from "../sync/guard.ts";
import { atomically } from "./atomic.ts";
import type { Dialect } from "./dialect.ts";
import {
  DatabaseConnectionError,
  DatabaseError,
  isConflict,
  QueryTimeoutError,
  TransactionAbortedError,
  TransactionConflictError,
  TransactionStateError,
} from "./errors.ts";
import type { Link } from "./link.ts";
import type { BeginOptions, IsolationLevel } from "./transactionWords.ts";
import type { PoolSettings } from "./poolOptions.ts";
import { expectBody, Queries } from "./queries.ts";

/** How a transaction is run. */
export interface TransactionOptions {
  /** How it sees the changes of others. Default: the server's own (PostgreSQL: `read committed`, MySQL: `repeatable read`). */
  readonly isolation?: IsolationLevel;
  /** True: the server refuses to change anything. Default false. */
  readonly readOnly?: boolean;
  /**
   * How often it is tried in all when another transaction was in the way, with pauses that grow. The body is run again
   * from its beginning, so it may do nothing that can't be done twice. Default 1.
   */
  readonly attempts?: number;
}

const LEVELS: readonly unknown[] = [
  "read uncommitted",
  "read committed",
  "repeatable read",
  "serializable",
] satisfies IsolationLevel[];

function beginOptions({ isolation, readOnly = false }: TransactionOptions): BeginOptions {
  if (isolation !== undefined && !LEVELS.includes(isolation))
    throw wrongType("options.isolation", `one of ${LEVELS.join(", ")}`, isolation);
  if (typeof readOnly !== "boolean") throw wrongType("options.readOnly", "true or false", readOnly);
  return { isolation: isolation ?? null, readOnly };
}

/** Runs `attempt` as often as the options allow. @internal */
export function transact<T>(
  options: TransactionOptions,
  attempt: (begin: BeginOptions) => Promise<T>,
): Promise<T> {
  const begin = beginOptions(options);
  const { attempts = 1 } = options;
  if (attempts === 1) return attempt(begin);
  return retry(() => attempt(begin), { attempts, delay: 10, retryIf: isConflict });
}

/** One transaction on a link that the caller has for itself. @internal */
export async function transactionOn<T>(
  link: Link,
  settings: PoolSettings,
  begin: BeginOptions,
  body: (transaction: Transaction) => T | PromiseLike<T>,
): Promise<T> {
  const transaction = new Transaction(link, settings, 0);
  try {
    const run = (): T | PromiseLike<T> => body(transaction);
    const check = (): void => transaction.expectSound();
    return await atomically(link, settings.commitTimeout, begin, run, check);
  } finally {
    transaction.end();
  }
}

/** Tells whether there was a savepoint to go back to: after a RELEASE that failed there may be none. */
async function rollBackTo(link: Link, name: string): Promise<boolean> {
  try {
    await link.execute({ text: `ROLLBACK TO SAVEPOINT ${name}`, values: [] });
    return true;
  } catch (error) {
    if (error instanceof DatabaseConnectionError || !(error instanceof DatabaseError)) throw error;
    return false;
  }
}

/**
 * A running transaction, as `transaction` hands it to its body.
 *
 * **Cancellation:** see {@link Queries}; a statement that was cut short dooms the transaction.
 */
export class Transaction extends Queries {
  /** @internal */
  readonly settings: PoolSettings;
  /** @internal */
  readonly dialect: Dialect;
  /** @internal */
  readonly inTransaction = true;
  readonly #link: Link;
  readonly #level: number;
  readonly #line = new Lock();
  #guard: Guard | null = null;
  #state: "open" | "nested" | "ended" = "open";
  #doom: unknown = null;

  /** @internal */
  constructor(link: Link, settings: PoolSettings, level: number) {
    super();
    this.#link = link;
    this.#level = level;
    this.settings = settings;
    this.dialect = link.dialect;
  }

  /**
   * Runs the body in a nested transaction: when it throws, what it did is undone, and only that. While it runs, the outer
   * transaction takes no statements.
   *
   * @throws what the body throws
   * @throws {@link TransactionStateError} when this transaction has ended or has a nested one already
   */
  async transaction<T>(body: (transaction: Transaction) => T | PromiseLike<T>): Promise<T> {
    expectBody(body);
    const link = this.lendNow() ?? (await this.lend());
    this.#state = "nested";
    try {
      return await this.#nested(link, body);
    } finally {
      if ((this.#state as string) === "nested") this.#state = "open";
      this.takeBack();
    }
  }

  async #nested<T>(link: Link, body: (transaction: Transaction) => T | PromiseLike<T>): Promise<T> {
    const name = `ambit_${this.#level + 1}`;
    const transaction = new Transaction(link, this.settings, this.#level + 1);
    let begun = false;
    try {
      await link.execute({ text: `SAVEPOINT ${name}`, values: [] });
      begun = true;
      const value = await body(transaction);
      transaction.expectSound();
      const release = { text: `RELEASE SAVEPOINT ${name}`, values: [] };
      await link.executeHeld(release, this.settings.commitTimeout);
      return value;
    } catch (error) {
      if (!begun) this.failed(error);
      else await this.#undo(link, name, transaction, error);
      throw error;
    } finally {
      transaction.end();
    }
  }

  async #undo(link: Link, name: string, nested: Transaction, error: unknown): Promise<void> {
    // After a deadlock the server has thrown the whole transaction away, savepoints included.
    if (nested.#doom instanceof TransactionConflictError) this.#doom = nested.#doom;
    if (this.#doom !== null && link.words.deadlockEndsAll) return;
    let undone = false;
    await link.tidy(async () => {
      undone = await rollBackTo(link, name);
    });
    if (!undone) this.#doom ??= error;
  }

  /** @internal */
  lendNow(): Link | null {
    this.#expectOpen();
    const guard = this.#line.tryAcquire();
    if (guard === null) return null;
    this.#guard = guard;
    return this.#link;
  }

  /** @internal */
  async lend(): Promise<Link> {
    this.#guard = await this.#line.acquire();
    try {
      this.#expectOpen();
    } catch (error) {
      this.takeBack();
      throw error;
    }
    return this.#link;
  }

  /** @internal */
  takeBack(): void {
    const guard = this.#guard;
    this.#guard = null;
    guard?.release();
  }

  /** @internal */
  override failed(error: unknown): void {
    if (isCancelled(error) || error instanceof QueryTimeoutError) this.#doom ??= error;
    else if (error instanceof DatabaseConnectionError) this.#doom ??= error;
    else if (error instanceof TransactionConflictError && error.kind !== "lockTimeout")
      this.#doom = error;
  }

  /** The body has returned: may it be committed? @internal */
  expectSound(): void {
    if (this.#doom instanceof TransactionConflictError) throw this.#doom;
    if (this.#doom === null && !this.#link.aborted) return;
    throw new TransactionAbortedError(
      "the transaction was rolled back: a statement in it failed or was cut short, and the error was caught; " +
        "run what may fail in a nested transaction",
    );
  }

  /** @internal */
  end(): void {
    this.#state = "ended";
  }

  #expectOpen(): void {
    if (this.#state === "ended")
      throw new TransactionStateError("the transaction has ended: begin another one");
    if (this.#state === "nested") {
      throw new TransactionStateError(
        "the transaction has a nested one that is not done: use that one's methods",
      );
    }
    if (this.#doom === null) return;
    throw new TransactionAbortedError(
      "the transaction can't go on: a statement in it was cut short, and the error was caught",
    );
  }
}
