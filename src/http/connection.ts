/*
 * One connection to one server: an undici Client, and the socket that is opened for it.
 *
 * It serves one request at a time. Undici takes the next one at once when an answer has come, and
 * sends it a turn of the event loop later; if the server has closed the socket meanwhile, it opens
 * another.
 * Strategy: a request that is given up takes its connection with it, so nothing of it can reach the
 * next one. The exception is a request that undici has not begun to send: that is refused when its
 * turn comes.
 * Limits: HTTP/1.1.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Socket } from "node:net";
import type { buildConnector, Client, Dispatcher } from "undici";
import { type OpenSocket, undici } from "./undici.ts";

/** The reason that undici is given for ending what it does; nobody gets to see it. @internal */
export const ENDED: Error = new Error("ended by ambit");

/** A socket outlives the task that opens it, so it is opened in no task's async context. */
const outsideTasks = AsyncLocalStorage.snapshot();

/** @internal */
export class Connection {
  readonly origin: string;
  /** True once it has served a request. */
  used = false;
  readonly #client: Client;
  readonly #openSocket: OpenSocket;
  /** The socket while it connects: undici gives no way to end that. */
  #opening: Socket | null = null;
  #connected = false;

  /** `lost` is called when its socket has closed; for a request at hand undici opens another. */
  constructor(origin: string, openSocket: OpenSocket, lost: (connection: Connection) => void) {
    this.origin = origin;
    this.#openSocket = openSocket;
    // The session's own clock spans head and body; undici's two would cost timers for nothing.
    const patient = { headersTimeout: 0, bodyTimeout: 0 };
    const connect: buildConnector.connector = (options, callback) => this.#open(options, callback);
    this.#client = new (undici().Client)(origin, { ...patient, connect });
    this.#client.on("disconnect", () => {
      this.#connected = false;
      lost(this);
    });
  }

  /** True while its socket is open. */
  get connected(): boolean {
    return this.#connected;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(options, handler);
  }

  /** Ends it at once; settles when its socket has closed. */
  async destroy(): Promise<void> {
    const opening = this.#opening?.destroy(ENDED);
    const closed = opening && new Promise((resolve) => opening.once("close", resolve));
    await this.#client.destroy(ENDED);
    await closed;
  }

  #open(options: buildConnector.Options, callback: buildConnector.Callback): void {
    const opened: buildConnector.Callback = (...outcome) => {
      this.#opening = null;
      this.#connected = outcome[0] === null;
      callback(...outcome);
    };
    this.#opening = outsideTasks(this.#openSocket, options, opened);
  }
}
