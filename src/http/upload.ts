/*
 * A body on its way to the server: what undici iterates in place of the body itself.
 *
 * Undici asks for chunks in the context of whatever opened the socket, waits for ever for one that
 * does not come, and takes an error of the body for one of the connection. Strategy: the body is
 * opened and iterated in the async context of the requesting task (of all its AsyncLocalStorages) and
 * in a scope of Ambit's under that task's, so that a cancel of the task reaches the waits of a body
 * that is being made, and so does the end of the request for any other reason. What goes wrong with the body fails the exchange, before
 * undici hears of it.
 *
 * Closing: what the body waits for is cancelled and `return` is called, in a scope of its own, so that
 * clean-up may wait; `closed` waits for both. It does not wait for a body that hangs in a foreign
 * promise, which nothing can interrupt: that one is closed when the promise settles.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { cancelled } from "../core/cancellation.ts";
import { ambient, ambientScope, Scope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import { announcedLength } from "./bodyHeaders.ts";
import type { BodyChunks } from "./bodyChunks.ts";
import { ENDED } from "./connection.ts";
import { type HeaderList, hasHeader } from "./headers.ts";
import { BodyLengthError, MeasuredChunks } from "./measuredChunks.ts";
import { openedChunks } from "./openedChunks.ts";
import type { RequestBody } from "./requestBody.ts";

type Step = IteratorResult<Uint8Array, undefined>;
type Enter = <T>(body: () => T) => T;

/** Whom an upload belongs to. @internal */
export interface Uploader {
  /** The body failed: what is wrong in words, and the error that it threw, if any. */
  bodyFailed(words: string, sent: number, cause?: unknown): void;
  /** A chunk was handed to the connection. */
  bodySent(chunk: Uint8Array): void;
  /** All chunks were. */
  bodyEnded(): void;
}

/** The parts of a request that are sent over and over have one context. @internal */
export class UploadContext {
  readonly #parent: Scope = ambientScope();
  readonly #enter: Enter = AsyncLocalStorage.snapshot();

  /** Opens a body in the context; gives what undici is to send with these headers. */
  open(body: RequestBody, headers: HeaderList, uploader: Uploader): string | Uint8Array | Upload {
    const opened = this.#enter(() => body.open());
    if (typeof opened === "string" || opened instanceof Uint8Array) return opened;
    const length = announcedLength(headers, body);
    let chunks = openedChunks(opened);
    // Ours keep the length that they say; a caller's own, or one in the headers, is only said.
    if (length !== null && (chunks !== opened || body.length === null))
      chunks = new MeasuredChunks(chunks, length, "its body");
    return new Upload(chunks, length, uploader, this);
  }

  /** A scope under the requesting task's, and what calls a function in it. */
  scope(): readonly [Scope, Enter] {
    const scope = new Scope(this.#parent, "open");
    return [scope, (body) => this.#enter(() => ambient.run(scope, body))];
  }
}

/** @internal */
export class Upload implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #chunks: BodyChunks;
  readonly #length: number | null;
  readonly #uploader: Uploader;
  readonly #context: UploadContext;
  readonly #scope: Scope;
  readonly #enter: Enter;
  /** The step that is pending. */
  #step: Promise<unknown> | null = null;
  #sent = 0;
  /** How it stands: `sent` when all of it was handed over, `over` when no more of it is wanted. */
  #state: "open" | "sent" | "over" = "open";
  #closing: Promise<unknown> | null = null;

  constructor(
    chunks: BodyChunks,
    length: number | null,
    uploader: Uploader,
    context: UploadContext,
  ) {
    this.#chunks = chunks;
    this.#length = length;
    this.#uploader = uploader;
    this.#context = context;
    [this.#scope, this.#enter] = context.scope();
  }

  /** True while what is waited for is a wait of the body's source: that tells itself what it waits for. */
  get producing(): boolean {
    return this.#state === "open" && this.#scope.pendingWaits().length > 0;
  }

  /** The headers it is sent with: undici learns the length of an iterable from them. */
  framed(headers: HeaderList): HeaderList {
    if (this.#length === null || hasHeader(headers, "content-length")) return headers;
    return headers.concat("content-length", String(this.#length));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next chunk, for undici. */
  next(): Promise<Step> {
    if (this.#state !== "open") return Promise.reject(ENDED);
    const step = this.#next();
    this.#step = step.then(noop, noop);
    return step;
  }

  async #next(): Promise<Step> {
    let result: Step | null = null;
    try {
      result = await this.#enter(() => this.#chunks.next());
      this.#step = null;
    } catch (error) {
      this.#step = null;
      if (error instanceof BodyLengthError) this.#fail(error.message);
      else this.#fail("its body failed", error);
    }
    if (result === null || this.#state !== "open") throw ENDED;
    const { done, value } = result;
    if (done === true) return this.#finish();
    this.#sent += value.length;
    this.#uploader.bodySent(value);
    return result;
  }

  #finish(): Step {
    this.#state = "sent";
    this.#scope.end();
    this.#uploader.bodyEnded();
    return { done: true, value: undefined };
  }

  /** Fails the request: a body that is cut must not look like one that has ended. */
  #fail(words: string, cause?: unknown): void {
    if (this.#state === "open") this.#uploader.bodyFailed(words, this.#sent, cause);
    this.end();
  }

  /** Undici wants no more of it. */
  return(): Promise<Step> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** The request is over, for whatever reason. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "over";
    const step = this.#step;
    if (step !== null) this.#scope.cancel(cancelled("the request is over"));
    // Left untaken, the cancel has found no wait of Ambit's: nothing can end the step, but `return` may.
    const hangs = this.#scope.request !== null;
    const stuck = hangs && this.#chunks.stuck;
    const [scope, enter] = this.#context.scope();
    const closing = Promise.allSettled([
      hangs && !stuck ? null : step,
      enter(() => this.#chunks.return()),
    ]).then(() => {
      this.#scope.end();
      scope.end();
      this.#closing = null;
    });
    if (!stuck) this.#closing = closing;
  }

  /**
   * Waits until the body is closed, for who ended it early. A cancel ends the wait.
   * @internal
   */
  async closed(): Promise<void> {
    const closing = this.#closing;
    if (closing === null) return;
    await suspend<void>((wait) => void closing.then(() => wait.resolve()), undefined, "upload");
  }
}

function noop(): void {}
