/*
 * ReadAhead: the next chunk of a file that is read from beginning to end, fetched while the last one is being used.
 *
 * Strategy: nobody waits while the call runs, so it is no wait of the task that began it; who needs the chunk waits then.
 * Limits: it must have come back before the file is closed.
 */
import { OUTSIDE } from "../core/outside.ts";
import type { Wait } from "../core/suspension.ts";
import { uninterruptible } from "../core/uninterruptible.ts";
import { fileError } from "./errors.ts";
import type { RawFile } from "./rawFile.ts";

/** Bytes before it, for what is left of the last chunk. */
const HEAD = 8192;

/** @internal */
export type Prefetching = RawFile & Required<Pick<RawFile, "begin">>;

/** @internal */
export function canPrefetch(raw: RawFile): raw is Prefetching {
  return raw.seekable && raw.begin !== undefined;
}

/** @internal */
export class ReadAhead {
  /** Where in the file it begins; -1 when it is out of date. */
  position: number;
  readonly #name: string;
  readonly #buffer: Buffer;
  /** How many bytes came; -1 while the call runs. */
  #count = -1;
  #error: unknown = null;
  #wait: Wait<void> | null = null;

  /** @param size bytes of the chunk in whole @param spare one of that size that nobody uses any more */
  constructor(raw: Prefetching, position: number, size: number, spare: Buffer | null) {
    this.position = position;
    this.#name = raw.name;
    this.#buffer = spare?.length === size ? spare : Buffer.allocUnsafeSlow(size);
    raw.begin(this.#buffer, HEAD, size - HEAD, position, (error, count) => {
      this.#error = error;
      this.#count = count ?? 0;
      this.#wait?.resolve();
    });
  }

  /** Waits until the call has come back. */
  async settle(): Promise<void> {
    if (this.#count < 0) await uninterruptible<void, this>(holdUp, this, `read ${this.#name}`);
  }

  /** @internal */
  [OUTSIDE](): boolean {
    return true;
  }

  /** @internal */
  hold(wait: Wait<void>): void {
    this.#wait = wait;
  }

  /** How many bytes came. @throws {@link FileError} */
  get count(): number {
    if (this.#error !== null) throw fileError("read", this.#name, this.#error);
    return this.#count;
  }

  /** Whether there may be more behind it. */
  get full(): boolean {
    return this.#count === this.#buffer.length - HEAD;
  }

  /** The chunk, with what is left of the last one before it: where that begins, and where the chunk ends. */
  behind(rest: Buffer): { chunk: Buffer; at: number; end: number } {
    const at = HEAD - rest.length;
    const end = HEAD + this.#count;
    if (at < 0) {
      const chunk = Buffer.concat([rest, this.#buffer.subarray(HEAD, end)]);
      return { chunk, at: 0, end: chunk.length };
    }
    this.#buffer.set(rest, at);
    return { chunk: this.#buffer, at, end };
  }
}

function holdUp(wait: Wait<void>, ahead: ReadAhead): void {
  ahead.hold(wait);
}
