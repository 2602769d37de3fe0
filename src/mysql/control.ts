/*
 * The reserved connection over which statements are killed.
 *
 * It is opened with the pool's first connection, so that it is there when the server takes no more, and does nothing but
 * KILL QUERY. When it has broken, the next kill opens another one.
 */
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { ambient, rootScope } from "../core/scope.ts";
import { mysql2, type RawConnection, type RawError } from "./driver.ts";

/** ER_NO_SUCH_THREAD: the connection that was to be stopped is gone. */
const NO_SUCH_THREAD = 1094;

/** @internal */
export class Control {
  readonly #config: object;
  #connection: RawConnection | null = null;

  constructor(config: object) {
    this.#config = config;
  }

  /** Opens it, unless it is open. What goes wrong is told to the kill that needs it. */
  open(): RawConnection {
    const present = this.#connection;
    if (present !== null) return present;
    // In no task: it outlives whoever needs it first.
    const connection = ambient.run(rootScope, () => mysql2().createConnection(this.#config));
    this.#connection = connection;
    const forget = (): void => {
      if (this.#connection === connection) this.#connection = null;
    };
    connection.on("error", forget);
    connection.on("end", forget);
    return connection;
  }

  /**
   * Stops what a connection does; settles when the server has answered.
   *
   * **Cancellation:** the answer is not waited for.
   */
  async kill(threadId: number): Promise<void> {
    const before = this.#connection;
    try {
      await this.#kill(threadId);
    } catch (error) {
      // One that had broken without a word: once more, over a new one.
      if (before === null || (error as RawError).fatal !== true) throw error;
      this.close();
      await this.#kill(threadId);
    }
  }

  #kill(threadId: number): Promise<void> {
    return suspend<void>((wait) => this.#send(wait, threadId), undefined, "KILL QUERY");
  }

  #send(wait: Wait<void>, threadId: number): void {
    this.open().query({ sql: `KILL QUERY ${threadId}` }, (error) => {
      if (error === null || error.errno === NO_SUCH_THREAD) wait.resolve();
      else wait.reject(error);
    });
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.stream.destroy();
  }
}
