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
import { timeout } from "../core/timeouts.ts";
import { isCancelled, TimeoutError } from "../core/errors.ts";
import { uninterruptible } from "../core/uninterruptible.ts";
import { DatabaseConnectionError, DatabaseError, QueryTimeoutError } from "./errors.ts";
import type { BulkInsert } from "./bulkRows.ts";
import { Command, type CommandLink, startCommand } from "./command.ts";
import { isObserved, type StatementServer, told } from "./diagnostics.ts";
import { CutTimer } from "./cutTimer.ts";
import type { Dialect } from "./dialect.ts";
import type { Cursor, Done, Outcome } from "./outcome.ts";
import type { Rendered } from "./statement.ts";
import type { TransactionWords } from "./transactionWords.ts";

/** The pool, as its links know it. @internal */
export interface LinkOwner {
  /** It is of no use any more, and nobody has it. */
  lost(link: Link): void;
  /** Its socket has closed. */
  socketClosed(link: Link): void;
}

/** @internal */
export abstract class Link implements CommandLink {
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
  #command: Command<never> | null = null;

  constructor(killTimeout: number) {
    this.killTimeout = killTimeout;
  }

  /** What it is connected to, for errors: `postgres at 127.0.0.1:5432`. */
  abstract readonly peer: string;
  /** The same, for diagnostics. */
  abstract readonly server: StatementServer;
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
    if (limit === Infinity && !isObserved()) return this.executeUntold(statement);
    const run = (): Promise<Outcome> => this.executeUntold(statement);
    const body = limit === Infinity ? run : () => this.limited(statement, limit, run);
    return told(statement.text, this.server, body, rowsOf);
  }

  /** As `execute`, for what is no statement of the caller's: diagnostics do not hear of it. */
  protected executeUntold(statement: Rendered): Promise<Outcome> {
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

  /** Runs one command; what `send` starts ends with a call of `done`. */
  async perform<T>(label: string, send: (done: Done<T>) => void): Promise<T> {
    const command = new Command<T>(this, send);
    try {
      return await command.perform(label);
    } catch (error) {
      await this.afterFailure(command, error);
      throw error;
    }
  }

  /** The command of a statement, for who performs it himself. @internal */
  commandOf(statement: Rendered): Command<Outcome> {
    return new Command<Outcome>(this, (done) => this.send(statement, done));
  }

  /** The wait for a command has failed: stops it, if it still runs. @internal */
  async afterFailure<T>(command: Command<T>, error: unknown): Promise<void> {
    // The driver's answer came in no code of the caller's: here the stack names it.
    if (error instanceof DatabaseError) Error.captureStackTrace(error);
    if (command.begun && !command.settled) await this.stopCommand(command);
  }

  /** Runs one command that no cancel ends, in so many milliseconds at most: then the link is destroyed. */
  async performHeld<T>(label: string, limit: number, send: (done: Done<T>) => void): Promise<T> {
    const command = new Command<T>(this, send);
    const work = uninterruptible<T, Command<T>>(startCommand, command, label);
    if (!command.begun) return await work;
    const timer = new CutTimer(this, limit, label);
    try {
      return await work;
    } finally {
      timer.cancel();
    }
  }

  executeHeld(statement: Rendered, limit: number): Promise<Outcome> {
    const { text } = statement;
    const send = (done: Done<Outcome>): void => this.send(statement, done);
    if (!isObserved()) return this.performHeld(text, limit, send);
    return told(text, this.server, () => this.performHeld(text, limit, send), rowsOf);
  }

  /** @internal */
  begin(command: Command<never>): void {
    if (!this.usable) throw new DatabaseConnectionError(`the connection to ${this.peer} is closed`);
    this.#command = command;
    command.send(command.done);
  }

  /** @internal */
  ended(): void {
    this.#command = null;
  }

  /** Stops a command whose caller was cancelled. @internal */
  async stopCommand<T>(command: Command<T>): Promise<void> {
    this.kills++;
    await this.#inTime(`a kill was not answered within ${this.killTimeout} ms`, () =>
      command.killUntilEnded(() => this.kill()),
    );
  }

  /** Has the server stop what it does, outside a command of ours: rows that nobody reads. */
  async stop(): Promise<void> {
    this.kills++;
    await this.kill();
  }

  /** Tidies up within `killTimeout`, whatever is cancelled; when that fails the link is destroyed. True when it worked. */
  async tidy(body: () => Promise<unknown>): Promise<boolean> {
    if (!this.usable) return false;
    await this.#inTime(`tidying up took more than ${this.killTimeout} ms`, body);
    return this.usable;
  }

  /** Runs what no cancel ends; the link is destroyed when it fails, or takes more than `killTimeout`. */
  #inTime(words: string, body: () => Promise<unknown>): Promise<void> {
    return protect(async () => {
      const { cancelledCaught } = await moveOnAfter(this.killTimeout, async () => {
        try {
          await body();
        } catch (error) {
          this.destroy(isCancelled(error) ? words : error);
        }
      });
      if (cancelledCaught) this.destroy(words);
    });
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
    const words = why instanceof Error ? why.message : String(why);
    this.#command?.done(
      new DatabaseConnectionError(`the connection to ${this.peer} was ended: ${words}`),
    );
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
    this.#command?.done(
      new DatabaseConnectionError(`the connection to ${this.peer} is lost: ${message}`, failure),
    );
    this.owner?.lost(this);
  }
}

function rowsOf({ rows }: Outcome): number {
  return rows.length;
}
