/*
 * COPY … TO STDOUT: the data, chunk by chunk, as the server sends them.
 *
 * While nobody asks for more, the socket is not read, so that the server has to wait. To end it early the server is
 * stopped first; what is still on its way is read and thrown away.
 */
import type { Batch, Cursor, Done } from "../sql/outcome.ts";
import type { Rendered, Row } from "../sql/statement.ts";
import type { CopyLink } from "./copyIn.ts";
import type { RawConnection } from "./driver.ts";
import { serverError } from "./serverError.ts";
import { Receiving } from "./statementCommand.ts";

/** How many chunks may wait for a reader. */
const MOST = 64;

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
    connection.query(this.#statement.text);
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
    if (this.#over) return done(null);
    this.#done = () => done(null);
    this.#link.client.connection.stream.resume();
  }
}
