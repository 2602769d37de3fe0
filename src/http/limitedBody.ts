/*
 * A body that may have so many bytes and no more: what `maxBodySize` makes of a body that needs no
 * decoding.
 */
import type { BodySource } from "./bodySource.ts";
import { DerivedBody, joined } from "./derivedBody.ts";
import { BodyTooLargeError } from "./payloadErrors.ts";
import type { ResponseHead } from "./responseHead.ts";

/** What is thrown for a body of more than `most` bytes. @internal */
export function tooLarge(head: ResponseHead, most: number): BodyTooLargeError {
  return new BodyTooLargeError(head, `the body has more than ${most} bytes: raise \`maxBodySize\``);
}

/** @internal */
export class LimitedBody extends DerivedBody {
  readonly #most: number;
  #size = 0;

  constructor(head: ResponseHead, source: BodySource, most: number) {
    super(head, source);
    this.#most = most;
  }

  protected async next(): Promise<Uint8Array | null> {
    this.#refuseLength();
    const chunk = await this.source.read();
    this.#size += chunk?.length ?? 0;
    if (this.#size > this.#most) throw tooLarge(this.head, this.#most);
    return chunk;
  }

  protected async all(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for (let chunk = await this.next(); chunk !== null; chunk = await this.next()) {
      chunks.push(chunk);
    }
    return joined(chunks, this.#size);
  }

  protected close(): void {
    // Holds nothing.
  }

  /** The head says it already. That of an answer to HEAD is about another body. */
  #refuseLength(): void {
    const length = Number(this.head.headers["content-length"] ?? 0);
    if (length > this.#most && this.head.method !== "HEAD") throw tooLarge(this.head, this.#most);
  }
}
