/*
 * DecodedIncoming: the body of a request that came compressed, as it was before (RFC 9110, section 8.4).
 *
 * Strategy: Node's decoder, driven by hand: it is given a piece when it has taken the one before, and asked for its
 * output when somebody reads. So a body that unfolds to a thousand times its size does so piece by piece, and what it
 * unfolds to counts against the limit: a bomb is a 413 as soon as it is larger than a plain body might be.
 * Limits: one coding only; two around each other are refused, as is one that is not known (415).
 */
import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import type { Waiter } from "../core/join.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import type { Task } from "../core/task.ts";
import type { Incoming } from "./exchange.ts";
import { BadRequest, PayloadTooLarge, UnsupportedMediaType } from "./httpError.ts";

/** Opens a decoder; it may look at how the body begins. */
type OpenDecoder = (start: Uint8Array) => Transform;

/** Some send deflate with zlib's two bytes before it, as it should be, some without: the first tells which. */
function openInflate(start: Uint8Array): Transform {
  const [first = 0] = start;
  return (first & 0x0f) === 8 ? createInflate() : createInflateRaw();
}

const DECODERS = new Map<string, OpenDecoder>([
  ["gzip", () => createGunzip()],
  ["x-gzip", () => createGunzip()],
  ["deflate", openInflate],
  ["br", () => createBrotliDecompress()],
]);

/**
 * The body as it was before it was compressed; itself when it is plain.
 *
 * @param coding the value of Content-Encoding
 * @param limit how large it may be, decoded, in bytes
 * @param allowed whether compressed bodies are taken at all
 * @throws {@link UnsupportedMediaType} for a coding that is not known, or not allowed
 * @internal
 */
export function decodedIncoming(
  incoming: Incoming,
  coding: string | null,
  limit: number,
  allowed: boolean,
  owner: Task<unknown> | null,
): Incoming {
  if (coding === null) return incoming;
  const name = coding.trim().toLowerCase();
  if (name === "identity" || name === "") return incoming;
  const open = allowed ? DECODERS.get(name) : undefined;
  if (open === undefined) throw notKnown(coding, allowed);
  return new DecodedIncoming(incoming, open, name, limit, owner);
}

function notKnown(coding: string, allowed: boolean): UnsupportedMediaType {
  const accept = allowed ? "gzip, deflate, br" : "identity";
  return new UnsupportedMediaType(`the body has the coding ${coding}: here it may be ${accept}`, {
    headers: { "accept-encoding": accept },
  });
}

/** @internal */
class DecodedIncoming implements Incoming, Waiter {
  readonly passive = true;
  readonly length: number | undefined = undefined;
  readonly #source: Incoming;
  readonly #open: OpenDecoder;
  readonly #coding: string;
  #limit: number;
  #decoder: Transform | null = null;
  /** Whether the decoder has taken what it was given. */
  #hungry = true;
  #ended = false;
  #error: Error | null = null;
  #given = 0;
  #wait: Wait<void> | null = null;
  /** What a cancelled `readAll` has read. */
  #kept: Uint8Array[] = [];

  constructor(
    source: Incoming,
    open: OpenDecoder,
    coding: string,
    limit: number,
    owner: Task<unknown> | null,
  ) {
    this.#source = source;
    this.#open = open;
    this.#coding = coding;
    this.#limit = limit;
    owner?.addWaiter(this);
  }

  get trailers(): readonly string[] {
    return this.#source.trailers;
  }

  limit(bytes: number): void {
    this.#limit = bytes;
    this.#source.limit(bytes);
  }

  async read(): Promise<Uint8Array | null> {
    return this.#kept.shift() ?? this.#next();
  }

  async readAll(): Promise<Uint8Array> {
    for (let piece = await this.#next(); piece !== null; piece = await this.#next())
      this.#kept.push(piece);
    const pieces = this.#kept;
    this.#kept = [];
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
  }

  /** The request's task has ended: Node's decoder holds memory that is not the heap's. */
  settled(): void {
    this.#decoder?.destroy();
  }

  async #next(): Promise<Uint8Array | null> {
    for (;;) {
      const piece = this.#decoder?.read() as Buffer | null | undefined;
      if (piece != null) return this.#counted(piece);
      if (this.#error !== null) throw this.#error;
      if (this.#ended) return null;
      if (this.#hungry) await this.#feed();
      else await suspend<void>((wait) => this.#sleep(wait), undefined, "request.body");
    }
  }

  #counted(piece: Buffer): Buffer {
    this.#given += piece.length;
    if (this.#given <= this.#limit) return piece;
    this.#decoder?.destroy();
    this.#error = new PayloadTooLarge(
      this.#limit,
      `the body is larger than ${this.#limit} bytes when it's decoded`,
    );
    throw this.#error;
  }

  async #feed(): Promise<void> {
    const piece = await this.#source.read();
    // Nothing is no compressed nothing, but who sends no body may say so anyway.
    if (piece === null && this.#decoder === null) return void (this.#ended = true);
    if (piece?.length === 0) return;
    this.#decoder ??= this.#opened(piece as Uint8Array);
    this.#hungry = false;
    if (piece === null) this.#decoder.end();
    else this.#decoder.write(piece, this.#sated);
  }

  #opened(start: Uint8Array): Transform {
    const decoder = this.#open(start);
    decoder.on("readable", this.#wake);
    decoder.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    decoder.on("error", (error) => {
      this.#error ??= new BadRequest(`the body is no ${this.#coding}, or a broken one`, {
        cause: error,
      });
      this.#wake();
    });
    return decoder;
  }

  #sleep(wait: Wait<void>): () => void {
    this.#wait = wait;
    return () => (this.#wait = null);
  }

  readonly #sated = (): void => {
    this.#hungry = true;
    this.#wake();
  };

  readonly #wake = (): void => {
    const wait = this.#wait;
    this.#wait = null;
    wait?.resolve();
  };
}
