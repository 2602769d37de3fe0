/*
 * TLS sessions to resume: the second connection to a server needs no second exchange of keys.
 *
 * Kept by host and port, the newest only (TLS 1.3 sessions are good for one use, and each connection
 * brings new ones). A session is only resumed under the settings it was made with, as there is one
 * store per connector.
 */

/** How many servers are remembered. */
const MOST = 256;

/** @internal */
export class TlsSessions {
  /** Oldest first. */
  readonly #sessions = new Map<string, Buffer>();

  get(server: string): Buffer | undefined {
    return this.#sessions.get(server);
  }

  keep(server: string, session: Buffer): void {
    this.#sessions.delete(server);
    this.#sessions.set(server, session);
    if (this.#sessions.size <= MOST) return;
    const [oldest] = this.#sessions.keys();
    this.#sessions.delete(oldest as string);
  }

  /** A connection that resumed one has failed: perhaps because of it. */
  forget(server: string): void {
    this.#sessions.delete(server);
  }
}
