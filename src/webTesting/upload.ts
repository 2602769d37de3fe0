/*
 * Upload: the body of a request on its way to an application in memory.
 *
 * Strategy: what is there as a whole is one piece. What comes from an iterable is pumped by a task of the client's, so
 * that its waits are the client's own, and at most one piece is held: the client waits until the server has read it.
 */
import { createTask } from "../core/createTask.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import type { Task } from "../core/task.ts";
import { RequestBodyError } from "../http/requestBodyError.ts";
import type { RequestBody } from "../http/requestBody.ts";
import type { Subject } from "../http/errors.ts";
import type { Incoming } from "../web/exchange.ts";
import { ClientDisconnected } from "../web/errors.ts";
import { PayloadTooLarge } from "../web/httpError.ts";

/** @internal */
export class Upload implements Incoming {
  readonly length: number | undefined;
  readonly trailers: readonly string[] = [];
  onOver: (() => void) | null = null;
  /** Called when the client's own iterable has failed. */
  onFailure: ((error: Error) => void) | null = null;
  readonly #subject: Subject;
  #piece: Uint8Array | null = null;
  #ended = false;
  #failure: Error | null = null;
  #limit = Infinity;
  #received = 0;
  #pump: Task<void> | null = null;
  #reader: Wait<void> | null = null;
  #writer: Wait<void> | null = null;

  constructor(body: RequestBody, subject: Subject) {
    this.length = body.length ?? undefined;
    this.#subject = subject;
    const opened = body.open();
    if (typeof opened !== "string" && !(opened instanceof Uint8Array))
      this.#pump = createTask(() => this.#pour(opened), { name: "upload" });
    else {
      this.#piece = opened.length === 0 ? null : Buffer.from(opened as string);
      this.#ended = true;
    }
  }

  limit(bytes: number): void {
    this.#limit = bytes;
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#piece === null && !this.#ended && this.#failure === null)
      await suspend<void, Upload>(Upload.#awaitPiece, this, "upload.read");
    const piece = this.#piece;
    if (piece === null) {
      if (this.#failure !== null) throw this.#failure;
      this.#over();
      return null;
    }
    this.#received += piece.length;
    this.#piece = null;
    this.#writer?.resolve();
    if (this.#received > this.#limit) throw new PayloadTooLarge(this.#limit);
    return piece;
  }

  async readAll(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let piece = await this.read(); piece !== null; piece = await this.read())
      pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** The client breaks off, or nobody reads any more. */
  stop(): void {
    this.#pump?.cancel("the request is over");
    this.#pump = null;
    this.#fail(new ClientDisconnected("the client has broken off its request's body"));
  }

  #over(): void {
    this.onOver?.();
    this.onOver = null;
  }

  #fail(error: Error): void {
    if (this.#ended) return;
    this.#failure ??= error;
    this.#reader?.resolve();
  }

  async #pour(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    let sent = 0;
    try {
      for await (const piece of pieces) {
        if (piece.length === 0) continue;
        this.#piece = Uint8Array.from(piece);
        sent += piece.length;
        this.#reader?.resolve();
        if (this.#piece !== null)
          await suspend<void, Upload>(Upload.#awaitRoom, this, "upload.write");
      }
      this.#ended = true;
      this.#reader?.resolve();
    } catch (error) {
      // Cancelled by `stop`: who did that knows.
      if (this.#pump === null) throw error;
      this.#failed(error, sent);
    }
  }

  #failed(cause: unknown, sent: number): void {
    const words = `the body failed after ${sent} bytes`;
    this.onFailure?.(new RequestBodyError(this.#subject, words, sent, cause));
    this.#fail(new ClientDisconnected("the client has broken off its request's body", { cause }));
  }

  static #awaitPiece(this: void, wait: Wait<void>, upload: Upload): () => void {
    upload.#reader = wait;
    return () => void (upload.#reader = null);
  }

  static #awaitRoom(this: void, wait: Wait<void>, upload: Upload): () => void {
    upload.#writer = wait;
    return () => void (upload.#writer = null);
  }
}
