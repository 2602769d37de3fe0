/*
 * The body of a request while it is sent: opened, perhaps again for another connection, perhaps held
 * back until the server wants it, and let go of at the end.
 *
 * Made in the requesting task, for a request that has a body. What is in memory is handed to undici as
 * it is; everything else becomes an Upload.
 */
import type { Socket } from "node:net";
import { getRunningLoop } from "../core/scope.ts";
import { BufferedBody, LentBody } from "./bufferedBody.ts";
import { inChunks } from "./chunkedBody.ts";
import type { Connection } from "./connection.ts";
import { ContinueGate } from "./continueGate.ts";
import type { HeaderList } from "./headers.ts";
import type { RequestBody } from "./requestBody.ts";
import type { Sending } from "./sending.ts";
import { Upload, UploadContext, type Uploader } from "./upload.ts";

/** @internal */
export class Outgoing {
  readonly #body: RequestBody;
  readonly #headers: HeaderList;
  readonly #uploader: Uploader;
  /** Where it is opened, unless it is in memory. */
  readonly #uploads: UploadContext | null;
  /** Where it waits for a 100; null when it does not. */
  readonly #gate: ContinueGate | null;
  #content: string | Uint8Array | Upload | null = null;
  /** What it is written to; null over HTTP/2. */
  #socket: Socket | null = null;

  constructor(body: RequestBody, { headers, expectContinue }: Sending, uploader: Uploader) {
    const asks = expectContinue !== 0;
    this.#body = asks ? inChunks(body) : body;
    this.#headers = headers;
    this.#uploader = uploader;
    this.#uploads = this.#body instanceof BufferedBody ? null : new UploadContext();
    this.#gate = asks ? new ContinueGate(getRunningLoop(), expectContinue) : null;
  }

  /** Whether it may be opened again. */
  get replayable(): boolean {
    return this.#body.replayable;
  }

  /** True while it waits for its source, not for the network. */
  get producing(): boolean {
    return this.#content instanceof Upload && this.#content.producing;
  }

  /** What undici is to send; opened now, unless it is open and was not begun. */
  content(): string | Uint8Array | Upload {
    this.#content ??=
      this.#uploads === null
        ? (this.#body as BufferedBody).open()
        : this.#uploads.open(this.#body, this.#headers, this.#uploader);
    return this.#content;
  }

  /** The headers of the request, with what it adds to them. */
  framed(): HeaderList {
    const content = this.content();
    return content instanceof Upload ? content.framed(this.#headers) : this.#headers;
  }

  /** All of it, if it goes out in one piece with the head; null if it follows. */
  get whole(): Uint8Array | null {
    const content = this.#content;
    if (content === null || content instanceof Upload) return null;
    return typeof content === "string" ? Buffer.from(content) : content;
  }

  /** Its head is about to be written. */
  begin(connection: Connection | null): void {
    const socket = connection?.socket ?? null;
    this.#socket = socket;
    if (this.#gate !== null && socket !== null) this.#gate.stand(socket);
  }

  /** The answer has come whole; nothing else was written to the connection. A server may answer what it has not read. */
  answered(): void {
    if (this.#body instanceof LentBody && this.#socket?.writableLength === 0) this.#body.written();
  }

  /** Lets go of what was begun: it is to be sent anew, or no more. */
  end(): void {
    this.#gate?.leave();
    if (!(this.#content instanceof Upload)) return;
    this.#content.end();
  }

  /** Forgets what was begun. */
  restart(): void {
    this.end();
    this.#content = null;
  }

  /** Waits until what was opened is closed. A cancel ends the wait. */
  async closed(): Promise<void> {
    if (this.#content instanceof Upload) await this.#content.closed();
  }
}
