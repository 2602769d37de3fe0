/*
 * A link: one connection to a server, as the pool and the statements see it. Each database has a class of its own.
 *
 * Strategy: one command at a time. A cancel stops it on the server: the kill is sent over another connection, and the
 * link is used again only when both the kill has been answered and the command has settled, since a kill that comes late
 * would hit the next command. When either takes longer than `killTimeout`, the link is destroyed. Whoever awaits the
 * command leaves only then.
 * Limits: a command that finished while its kill was under way has happened; its caller is told "cancelled" all the same.
 */
import { moveOnAfter } from "../core/cancelScope.ts";
import { protect } from "../core/shield.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { timeout } from "../core/timeouts.ts";
import { TimeoutError } from "../core/errors.ts";
import { getRunningLoop } from "../core/scope.ts";
import { uninterruptible } from "../core/uninterruptible.ts";
import { DatabaseConnectionError, DatabaseError, QueryTimeoutError } from "./errors.ts";
import type { BulkInsert } from "./bulkRows.ts";
import type { Dialect } from "./dialect.ts";
import type { Rendered, Row } from "./statement.ts";

/** What came of a statement. @internal */
export interface Outcome {
  readonly rows: readonly Row[];
  /** Rows that were inserted, changed or removed, or else that came. */
  readonly affectedRows: number;
  /** The value that the server generated for the new row; undefined where there is none. */
  readonly insertId?: number | bigint | undefined;
  /** What was done, as PostgreSQL tells it: `INSERT`. */
  readonly command?: string | undefined;
}

/** A piece of a long result. @internal */
export interface Batch {
  readonly rows: readonly Row[];
  /** Nothing comes after it. */
  readonly last: boolean;
}

/** A result that is read piece by piece. @internal */
export interface Cursor {
  /** Asks for the next piece, of at least one row unless it is the last. */
  read(done: Done<Batch>): void;
  /** True while nothing of it is left on the link. */
  readonly ended: boolean;
  /** Ends it before its end; the link is then free. */
  close(done: Done<void>): void;
  /** Whether ending it means that the server must be stopped first. */
  readonly running: boolean;
}

/** How the end of a command is told. @internal */
export type Done<T> = (error: Error | null, value?: T) => void;

/** The pool, as its links know it. @internal */
export interface LinkOwner {
  /** It is of no use any more, and nobody has it. */
  lost(link: Link): void;
  /** Its socket has closed. */
  socketClosed(link: Link): void;
}

/** How long a kill may take to have an effect before it is sent again, in milliseconds. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 500;

/** The command that a link is busy with. */
class Command {
  settled = false;
  #ended: (() => void) | null = null;

  /** Settles when it is over, however. */
  ended(): Promise<void> {
    if (this.settled) return Promise.resolve();
    return suspend<void>(
      (wait) => {
        this.#ended = () => wait.resolve();
        return () => (this.#ended = null);
      },
      undefined,
      "end of a cancelled statement",
    );
  }

  settle(): void {
    this.settled = true;
    this.#ended?.();
  }
}

/** @internal */
export abstract class Link {
  /** False from when nobody may use it again. */
  usable = true;
  /** When it was opened, and given back last, in milliseconds of the loop's clock. */
  openedAt = 0;
  idleSince = 0;
  owner: LinkOwner | null = null;
  /** How long a kill, or whatever else tidies up, may take. */
  readonly killTimeout: number;
  /** How often the server was asked to stop something on it. */
  kills = 0;
  #command: Command | null = null;
  #fail: ((error: Error) => void) | null = null;

  constructor(killTimeout: number) {
    this.killTimeout = killTimeout;
  }

  /** What it is connected to, for errors: `postgres at 127.0.0.1:5432`. */
  abstract readonly peer: string;
  /** True when the server refuses everything but the end of the transaction. */
  abstract readonly aborted: boolean;
  /** True when it is known that there is nothing to roll back. */
  abstract readonly outsideTransaction: boolean;
  /** How the texts of statements are written. */
  abstract readonly dialect: Dialect;
  /** Sends a statement. */
  protected abstract send(statement: Rendered, done: Done<Outcome>): void;
  /** Begins to read a result piece by piece, of about so many rows each. */
  abstract openCursor(statement: Rendered, batchSize: number): Cursor;
  /** Inserts rows, and tells how many. */
  abstract insertMany(plan: BulkInsert): Promise<number>;
  /** Stops what it does on the server; settles when the kill can't hit anything that is sent later. */
  protected abstract kill(): Promise<void>;
  /** Makes of it what it was when it was opened: no transaction, no settings. Throws when it can't. */
  abstract reset(): Promise<void>;
  /** A round trip. Throws when there is none. */
  abstract check(): Promise<void>;
  /** Says goodbye; `owner.socketClosed` follows. */
  protected abstract leave(): void;
  /** Ends the socket at once; `owner.socketClosed` follows. */
  protected abstract cut(): void;
  /** What begins and ends transactions. */
  abstract readonly words: TransactionWords;

  /**
   * Runs a statement.
   *
   * **Cancellation:** stops it on the server, and waits until it has stopped.
   *
   * @param limit milliseconds; Infinity for none
   */
  execute(statement: Rendered, limit = Infinity): Promise<Outcome> {
    if (limit !== Infinity) return this.limited(statement, limit, () => this.execute(statement));
    return this.perform<Outcome>("statement", (done) => this.send(statement, done));
  }

  /** Runs something on the link that may take so many milliseconds. */
  async limited<T>(statement: Rendered, limit: number, body: () => Promise<T>): Promise<T> {
    try {
      return await timeout(limit, body);
    } catch (error) {
      if (!(error instanceof TimeoutError) || error instanceof QueryTimeoutError) throw error;
      throw new QueryTimeoutError(statement.text, limit);
    }
  }

  /** Runs one command; what `begin` starts ends with a call of `done`. */
  async perform<T>(label: string, begin: (done: Done<T>) => void): Promise<T> {
    const command = new Command();
    let begun = false;
    try {
      return await suspend<T>(
        (wait) => {
          begun = true;
          this.#begin(command, wait, begin);
        },
        undefined,
        label,
      );
    } catch (error) {
      if (begun && !command.settled) await protect(() => this.#stop(command));
      // The driver's answer came in no code of the caller's: here the stack names it.
      if (error instanceof DatabaseError) Error.captureStackTrace(error);
      throw error;
    }
  }

  /** Runs one command that no cancel ends, in so many milliseconds at most: then the link is destroyed. */
  async performHeld<T>(label: string, limit: number, begin: (done: Done<T>) => void): Promise<T> {
    const command = new Command();
    let begun = false;
    const work = uninterruptible<T>(
      (wait) => {
        begun = true;
        this.#begin(command, wait, begin);
      },
      undefined,
      label,
    );
    if (!begun) return await work;
    const timer = scheduleCut(this, limit, label);
    try {
      return await work;
    } finally {
      timer.cancel();
    }
  }

  executeHeld(statement: Rendered, limit: number): Promise<Outcome> {
    return this.performHeld<Outcome>(statement.text, limit, (done) => this.send(statement, done));
  }

  #begin<T>(command: Command, wait: Wait<T>, begin: (done: Done<T>) => void): void {
    const done: Done<T> = (error, value) => {
      if (command.settled) return;
      this.#command = null;
      this.#fail = null;
      if (error === null) wait.resolve(value as T);
      else wait.reject(error);
      command.settle();
    };
    if (!this.usable) {
      done(new DatabaseConnectionError(`the connection to ${this.peer} is closed`));
      return;
    }
    this.#command = command;
    this.#fail = done;
    try {
      begin(done);
    } catch (error) {
      done(error as Error);
    }
  }

  /** Stops a command whose caller was cancelled. */
  async #stop(command: Command): Promise<void> {
    this.kills++;
    const { cancelledCaught } = await moveOnAfter(this.killTimeout, async () => {
      try {
        await this.#killUntilEnded(command);
      } catch (error) {
        this.destroy(error);
      }
    });
    if (cancelledCaught) this.destroy(`a kill was not answered within ${this.killTimeout} ms`);
  }

  /**
   * A kill that overtakes the statement finds nothing to stop, and the statement then begins: so it is sent again. Each
   * is answered before the next, and before this ends.
   */
  async #killUntilEnded(command: Command): Promise<void> {
    for (let pause = FIRST_PAUSE; !command.settled; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      await this.kill();
      await moveOnAfter(pause, () => command.ended());
    }
  }

  /** Has the server stop what it does, outside a command of ours: rows that nobody reads. */
  async stop(): Promise<void> {
    this.kills++;
    await this.kill();
  }

  /** Tidies up within `killTimeout`, whatever is cancelled; when that fails the link is destroyed. True when it worked. */
  async tidy(body: () => Promise<unknown>): Promise<boolean> {
    if (!this.usable) return false;
    await protect(async () => {
      const { cancelledCaught } = await moveOnAfter(this.killTimeout, async () => {
        try {
          await body();
        } catch (error) {
          this.destroy(error);
        }
      });
      if (cancelledCaught) this.destroy(`tidying up took more than ${this.killTimeout} ms`);
    });
    return this.usable;
  }

  /** Ends it politely: nobody uses it. */
  close(): void {
    if (!this.usable) return this.cut();
    this.usable = false;
    this.leave();
  }

  /** Ends it at once. What it does fails; drivers may never tell, so it is told here. */
  destroy(why: unknown): void {
    if (!this.usable) return;
    this.usable = false;
    this.cut();
    this.#command = null;
    const words = why instanceof Error ? why.message : String(why);
    this.#fail?.(new DatabaseConnectionError(`the connection to ${this.peer} was ended: ${words}`));
    this.owner?.lost(this);
  }

  /** True while a command is under way. */
  get busy(): boolean {
    return this.#command !== null;
  }

  /** The socket has closed. */
  protected socketClosed(): void {
    this.usable = false;
    this.owner?.socketClosed(this);
  }

  /** The driver says that the connection is gone. */
  protected gone(error: unknown): void {
    if (!this.usable) return;
    const { code, message } = error as NodeJS.ErrnoException;
    this.usable = false;
    this.cut();
    const failure = { code, driverError: error };
    this.#fail?.(
      new DatabaseConnectionError(`the connection to ${this.peer} is lost: ${message}`, failure),
    );
    this.owner?.lost(this);
  }
}

/** The statements around a transaction. @internal */
export interface TransactionWords {
  /** In order; options are checked already. */
  begin(options: BeginOptions): readonly string[];
  /** True when many rows are inserted by more than one statement. */
  readonly bulkInParts: boolean;
  /** True when an error of this kind leaves nothing of the transaction but its end. */
  readonly deadlockEndsAll: boolean;
}

/** How a transaction sees others' changes. */
export type IsolationLevel =
  | "read uncommitted"
  | "read committed"
  | "repeatable read"
  | "serializable";

/** @internal */
export interface BeginOptions {
  readonly isolation: IsolationLevel | null;
  readonly readOnly: boolean;
}

function scheduleCut(link: Link, limit: number, label: string): { cancel(): void } {
  const loop = getRunningLoop();
  return loop.schedule(loop.time() + Math.min(limit, 2 ** 40), cutOff, { link, limit, label });
}

function cutOff({ link, limit, label }: { link: Link; limit: number; label: string }): void {
  link.destroy(`${label} took more than ${limit} ms`);
}
