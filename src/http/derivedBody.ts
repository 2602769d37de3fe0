/*
 * A body made from another source's: decoded, or watched for its size.
 *
 * Strategy: the rules of reading stand here (one reader at a time, as a whole or chunk by chunk,
 * what ended it is told again), so that a subclass is only what happens to the bytes. Whatever goes
 * wrong, a cancel too, releases the source and what the subclass holds.
 */
import { InvalidStateError, isCancelled } from "../core/errors.ts";
import type { BodySource } from "./bodySource.ts";
import { redact } from "./redaction.ts";
import type { ResponseHead } from "./responseHead.ts";

/** @internal */
export abstract class DerivedBody implements BodySource {
  protected readonly head: ResponseHead;
  protected readonly source: BodySource;
  /** How the body is read; what ended it early is also here. */
  #use: "unread" | "whole" | "stream" | "released" | "cancelled" = "unread";
  #whole: Uint8Array | null = null;
  #failure: Error | null = null;
  #reading = false;

  constructor(head: ResponseHead, source: BodySource) {
    this.head = head;
    this.source = source;
  }

  /** The next bytes; null after the last. */
  protected abstract next(): Promise<Uint8Array | null>;
  /** All bytes, none of which was read before. */
  protected abstract all(): Promise<Uint8Array>;
  /** Nothing more will be asked of it: gives back what it holds. Who waits in it gets the error. */
  protected abstract close(error: Error | null): void;

  get done(): boolean {
    return this.source.done;
  }

  async read(): Promise<Uint8Array | null> {
    this.#refuse("stream");
    return this.#guarded(() => this.next());
  }

  async readAll(): Promise<Uint8Array> {
    if (this.#whole !== null) return this.#whole;
    this.#refuse("whole");
    this.#whole = await this.#guarded(() => this.all());
    return this.#whole;
  }

  release(): void {
    if (this.#whole === null && this.#use !== "cancelled") this.#use = "released";
    this.#drop(this.#reading ? this.#misuse("the response was released") : null);
  }

  /** @internal */
  discard(): void {
    if (this.source.discard === undefined) return this.release();
    this.#use = "released";
    this.source.discard();
    this.close(null);
  }

  /** @internal */
  orphan(): void {
    if (!this.#reading) this.release();
  }

  #refuse(use: "whole" | "stream"): void {
    if (this.#use === "released") throw this.#misuse("the response was released");
    if (this.#use === "cancelled") throw this.#misuse("its request was cancelled");
    if (this.#reading) throw this.#misuse("somebody else is reading the body");
    if (this.#failure !== null) throw this.#failure;
    if (this.#use !== "unread" && this.#use !== use)
      throw this.#misuse("the body was read in another way");
    this.#use = use;
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    this.#reading = true;
    try {
      return await work();
    } catch (error) {
      if (isCancelled(error)) this.#use = "cancelled";
      else this.#failure = error as Error;
      this.#drop(null);
      throw error;
    } finally {
      this.#reading = false;
    }
  }

  #drop(error: Error | null): void {
    this.source.release();
    this.close(error);
  }

  #misuse(words: string): InvalidStateError {
    const { method, url, status } = this.head;
    return new InvalidStateError(`read on <http ${method} ${redact(url)} ${status}>: ${words}`);
  }
}

/** Chunks as one plain Uint8Array. @internal */
export function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  return plain(first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, size));
}

/** The same bytes, not as a Buffer of Node's. @internal */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
