/*
 * A result that is read piece by piece: a portal, from which so many rows are taken at a time.
 *
 * Between two pieces the server waits and holds nothing but the portal; nothing has to be stopped then. The portal is the
 * unnamed one: it ends with the Sync that is sent after the last piece, or when somebody has read enough.
 */
import type { Batch, Cursor, Done } from "../sql/outcome.ts";
import type { RawClient, RawConnection, RawError } from "./driver.ts";
import { messages } from "./messages.ts";
import { Receiving } from "./statementCommand.ts";
import type { TypeParser } from "./typeParser.ts";

/** @internal */
export class PostgresCursor extends Receiving implements Cursor {
  readonly #client: RawClient;
  readonly #text: string;
  readonly #values: readonly (string | Buffer | null)[];
  readonly #batchSize: number;
  readonly #began: () => void;
  #complete = false;
  #done: Done<Batch> | null = null;
  /** Nothing of it is on the link: not yet, or not any more. */
  ended = true;
  #begun = false;

  constructor(
    client: RawClient,
    text: string,
    values: readonly (string | Buffer | null)[],
    batchSize: number,
    parsers: ReadonlyMap<number, TypeParser>,
    began: () => void,
  ) {
    super(parsers);
    this.#client = client;
    this.#text = text;
    this.#values = values;
    this.#batchSize = batchSize;
    this.#began = began;
  }

  /** A portal does nothing by itself. */
  get running(): boolean {
    return false;
  }

  read(done: Done<Batch>): void {
    this.rows = [];
    this.#done = done;
    if (!this.#begun) {
      this.#begun = true;
      this.ended = false;
      this.#began();
      this.#client.query(this);
    } else this.#fetch(this.#client.connection);
  }

  submit(connection: RawConnection): null {
    const all = messages();
    try {
      all.to.parse({ text: this.#text });
      all.to.bind({ values: this.#values });
      all.to.describe({ type: "P", name: "" });
      this.#fetch(all.to);
      all.send(connection);
      return null;
    } finally {
      all.drop();
    }
  }

  #fetch(connection: RawConnection): void {
    connection.execute({ rows: this.#batchSize });
    connection.flush();
  }

  override handlePortalSuspended(): void {
    const done = this.#done;
    this.#done = null;
    if (this.failure === null) done?.(null, { rows: this.rows, last: false });
    else done?.(this.failure);
  }

  override handleCommandComplete(message: { readonly text: string }, to: RawConnection): void {
    super.handleCommandComplete(message, to);
    this.#complete = true;
    to.sync();
  }

  override handleEmptyQuery(connection: RawConnection): void {
    connection.sync();
  }

  override handleError(error: RawError, connection: RawConnection): void {
    super.handleError(error, connection);
    // After an error the server reads nothing until it is told to go on.
    if (!this.#complete) connection.sync();
  }

  /** The link has heard that nothing is left of it. */
  ready(fail: (error: Error) => Error): void {
    this.ended = true;
    const done = this.#done;
    this.#done = null;
    if (this.failure !== null) done?.(fail(this.failure));
    else done?.(null, { rows: this.rows, last: true });
  }

  close(done: Done<void>): void {
    this.#done = (error) => done(error);
    const { connection } = this.#client;
    connection.close({ type: "P", name: "" });
    connection.sync();
  }
}
