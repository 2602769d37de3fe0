/*
 * A body on its way to the reader, of which a copy is kept.
 */
import { DerivedBody } from "./derivedBody.ts";

/** @internal */
export class CassetteBody extends DerivedBody {
  readonly #chunks: Uint8Array[] = [];
  #whole = false;

  /** What came of it so far. */
  get bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }

  /** That is not all of it. */
  get cut(): boolean {
    return !this.#whole;
  }

  protected async next(): Promise<Uint8Array | null> {
    const chunk = await this.source.read();
    if (chunk === null) this.#whole = true;
    else this.#chunks.push(chunk.slice());
    return chunk;
  }

  protected async all(): Promise<Uint8Array> {
    const bytes = await this.source.readAll();
    this.#chunks.push(bytes);
    this.#whole = true;
    return bytes;
  }

  protected close(): void {}
}
