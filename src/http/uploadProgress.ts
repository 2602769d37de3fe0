/*
 * How far a body is sent.
 *
 * Strategy: a layer around the body that counts what passes. A chunk counts when the next one is asked
 * for: the socket has taken it then (which is not to say that the server has it). What is in memory
 * as a whole is cut into pieces, so that there is progress to report.
 */
import { expectFunction } from "../core/arguments.ts";
import { BodyChunks } from "./bodyChunks.ts";
import { openedChunks } from "./openedChunks.ts";
import type { RequestBody } from "./requestBody.ts";

/** How far a body is sent, as the option `onUpload` is told. */
export interface UploadProgress {
  /** Bytes that the connection has taken, after compression. From 0 again when it is sent again. */
  readonly sent: number;
  /** Bytes there will be; null when it is not known. */
  readonly total: number | null;
}

/** Is told how far a body is sent, with each chunk. */
export type OnUpload = (progress: UploadProgress) => void;

/** A body that tells how far it is sent. @internal */
export function reportedBody(body: RequestBody, onUpload: OnUpload): RequestBody {
  expectFunction("options.onUpload", onUpload);
  return new ReportedBody(body, onUpload);
}

class ReportedBody implements RequestBody {
  readonly #body: RequestBody;
  readonly #onUpload: OnUpload;

  constructor(body: RequestBody, onUpload: OnUpload) {
    this.#body = body;
    this.#onUpload = onUpload;
  }

  get length(): number | null {
    return this.#body.length;
  }

  get contentType(): string | null {
    return this.#body.contentType;
  }

  get contentEncoding(): string | null {
    return this.#body.contentEncoding ?? null;
  }

  get replayable(): boolean {
    return this.#body.replayable;
  }

  open(): AsyncIterable<Uint8Array> {
    return new ReportedChunks(openedChunks(this.#body.open()), this.#body.length, this.#onUpload);
  }

  discard(): void {
    this.#body.discard?.();
  }
}

class ReportedChunks extends BodyChunks {
  readonly #chunks: BodyChunks;
  readonly #total: number | null;
  readonly #onUpload: OnUpload;
  #sent = 0;
  #given = 0;

  constructor(chunks: BodyChunks, total: number | null, onUpload: OnUpload) {
    super();
    this.#chunks = chunks;
    this.#total = total;
    this.#onUpload = onUpload;
  }

  protected async read(): Promise<Uint8Array | null> {
    if (this.#given > 0) {
      this.#sent += this.#given;
      this.#given = 0;
      this.#onUpload({ sent: this.#sent, total: this.#total });
    }
    const { done, value } = await this.#chunks.next();
    if (done === true) return null;
    this.#given = value.length;
    return value;
  }

  override get stuck(): boolean {
    return this.#chunks.stuck;
  }

  protected async close(): Promise<void> {
    await this.#chunks.return();
  }
}
