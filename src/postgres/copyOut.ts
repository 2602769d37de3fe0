/*
 * COPY … TO STDOUT: the data, chunk by chunk, as the server sends them.
 *
 * While nobody asks for more, the socket is not read, so that the server has to wait. To end it early the server is
 * stopped first; what is still on its way is read and thrown away. In a transaction a statement that was stopped would
 * spoil all of it: so it is put behind a savepoint there.
 */
import type { Batch, Cursor, Done } from "../sql/outcome.ts";
import type { Rendered, Row } from "../sql/statement.ts";
import type { CopyLink } from "./copyIn.ts";
import type { RawConnection } from "./driver.ts";
import { serverError } from "./serverError.ts";
import { Receiving, SimpleCommand } from "./statementCommand.ts";

/** How many chunks may wait for a reader. */
const MOST = 64;

const SAVEPOINT = "ambit_copy_out";
const RECOVER = `ROLLBACK TO SAVEPOINT ${SAVEPOINT}; RELEASE SAVEPOINT ${SAVEPOINT}`;

/** @internal */
export class CopyOutCursor extends Receiving implements Cursor {
  readonly #link: CopyLink;
  readonly #statement: Rendered;
  #begun = false;
  #over = false;
  #discarding = false;
  #chunks: Buffer[] = [];
  #planned = false;
  #done: Done<Batch> | null = null;

  constructor(link: CopyLink, statement: Rendered) {
    super(new Map());
    this.#link = link;
    this.#statement = statement;
  }

  get ended(): boolean {
    return !this.#begun || this.#over;
  }

  get running(): boolean {
    return !this.ended;
  }

  read(done: Done<Batch>): void {
    this.#done = done;
    if (!this.#begun) {
      this.#begun = true;
      this.#link.submit(this, () => this.#end());
    } else if (this.#chunks.length > 0 || this.#over) this.#deliver();
  }

  submit(connection: RawConnection): null {
    const { text } = this.#statement;
    const alone = this.#link.outsideTransaction;
    // The text may end with a comment.
    connection.query(
      alone ? text : `SAVEPOINT ${SAVEPOINT}; ${text}\n; RELEASE SAVEPOINT ${SAVEPOINT}`,
    );
    return null;
  }

  override handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.#discarding) return;
    // It is a part of a buffer that the next data are read into.
    this.#chunks.push(Buffer.from(chunk));
    if (this.#chunks.length === MOST) this.#link.client.connection.stream.pause();
    if (this.#done === null || this.#planned) return;
    this.#planned = true;
    process.nextTick(() => {
      this.#planned = false;
      this.#deliver();
    });
  }

  #end(): void {
    this.#over = true;
    if (this.failure !== null) this.failure = serverError(this.failure, this.#statement);
    // Even when nobody asks for what is left: the connection is used for something else then.
    this.#link.client.connection.stream.resume();
    this.#deliver();
  }

  #deliver(): void {
    const done = this.#done;
    if (done === null || (this.#chunks.length === 0 && !this.#over)) return;
    this.#done = null;
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#link.client.connection.stream.resume();
    if (this.#over && this.failure !== null) return done(this.failure);
    done(null, { rows: chunks as unknown as Row[], last: this.#over });
  }

  close(done: Done<void>): void {
    this.#discarding = true;
    this.#chunks = [];
    if (this.#over) return this.#recover(done);
    this.#done = () => this.#recover(done);
    this.#link.client.connection.stream.resume();
  }

  /** Undoes what stopping it did to the transaction. */
  #recover(done: Done<void>): void {
    if (!this.#link.aborted) return done(null);
    const command = new SimpleCommand(RECOVER, new Map());
    this.#link.submit(command, () => done(command.failure));
  }
}
