/*
 * LISTEN: what others NOTIFY, as it comes.
 *
 * Strategy: one connection of the pool is kept for it. When it breaks, the iterator fails: whatever was sent until
 * somebody listens again is lost, and only the reader can say what follows from that.
 * Limits: when a reader is slow the socket is not read any more, and the server keeps what comes.
 */
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { DatabaseConnectionError, DatabaseError } from "../sql/errors.ts";
import { LeakWatch } from "../sql/leaks.ts";
import type { Link } from "../sql/link.ts";
import type { LinkPool } from "../sql/linkPool.ts";
import { sql } from "../sql/statement.ts";
import type { RawNotification } from "./driver.ts";
import { POSTGRES, type PostgresLink } from "./postgresLink.ts";

/** How many may wait for the reader before the socket is left alone. */
const MOST = 1000;

/** What somebody has sent with NOTIFY. */
export interface Notification {
  readonly channel: string;
  /** The text, empty when there was none. */
  readonly payload: string;
  /** The number of the sender's process on the server. */
  readonly processId: number;
}

const DONE = { done: true, value: undefined } as const;

type Next = IteratorResult<Notification, undefined>;

/** What is sent to the channels that it listens to, as `pool.listen` gives it: for `for await`. */
export class Notifications
  implements AsyncIterableIterator<Notification, undefined>, AsyncDisposable
{
  readonly #pool: LinkPool<Link>;
  readonly #link: PostgresLink;
  readonly #watch: LeakWatch;
  readonly #queue: Notification[] = [];
  readonly #listener = (raw: RawNotification): void => this.#receive(raw);
  readonly #gone = (): void => this.#fail();
  #waiting: Wait<Next> | null = null;
  #ended = false;

  /** @internal */
  constructor(pool: LinkPool<Link>, link: PostgresLink) {
    this.#pool = pool;
    this.#link = link;
    link.client.on("notification", this.#listener);
    link.client.connection.on("end", this.#gone);
    this.#watch = new LeakWatch(this, `a connection to ${link.peer} that listens`, () => {
      pool.leaked++;
      link.destroy("it was not released");
      pool.giveBack(link);
    });
  }

  /** @internal */
  async listen(channels: readonly string[]): Promise<void> {
    for (const channel of channels)
      await this.#link.execute(sql`listen ${sql.identifier(channel)}`.render(POSTGRES));
  }

  #receive({ channel, payload = "", processId }: RawNotification): void {
    const notification = { channel, payload, processId };
    const waiting = this.#waiting;
    if (waiting !== null) {
      this.#waiting = null;
      waiting.resolve({ done: false, value: notification });
      return;
    }
    this.#queue.push(notification);
    if (this.#queue.length === MOST) this.#link.client.connection.stream.pause();
  }

  #fail(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(this.#lost());
  }

  #lost(): DatabaseConnectionError {
    return new DatabaseConnectionError(
      `the connection to ${this.#link.peer} that listened is lost: notifications may be missing`,
    );
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * The next notification, in the order of the commits that sent them.
   *
   * **Cancellation:** none is lost; the next call gives it.
   *
   * @throws {@link DatabaseConnectionError} when the connection has broken, after what had come before
   */
  next(): Promise<Next> {
    const first = this.#queue.shift();
    if (first !== undefined) {
      if (this.#queue.length === 0) this.#link.client.connection.stream.resume();
      return Promise.resolve({ done: false, value: first });
    }
    if (this.#ended) return Promise.resolve(DONE);
    if (!this.#link.usable) return Promise.reject(this.#lost());
    if (this.#waiting !== null)
      return Promise.reject(new DatabaseError("next() of notifications while another is pending"));
    return suspend<Next>(
      (wait) => {
        this.#waiting = wait;
        return () => (this.#waiting = null);
      },
      undefined,
      "Notifications.next",
    );
  }

  /** Ends it: the connection listens no more and goes back to the pool. */
  async return(): Promise<Next> {
    if (this.#ended) return DONE;
    this.#ended = true;
    this.#watch.end();
    this.#queue.length = 0;
    const { client } = this.#link;
    client.off("notification", this.#listener);
    client.connection.off("end", this.#gone);
    client.connection.stream.resume();
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(DONE);
    try {
      await this.#link.tidy(() => this.#link.reset());
    } finally {
      this.#pool.giveBack(this.#link);
    }
    return DONE;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** @internal */
  [INSPECT](): string {
    return `Notifications { waiting: ${this.#queue.length}, ended: ${this.#ended} }`;
  }
}
