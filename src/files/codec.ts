/*
 * Codec: between the bytes of a file and text.
 *
 * Strategy: decoding has no state. It is given bytes that begin with a character, says how many of them it could use, and
 * is given the others again, with what follows them. So a position in text is a position in bytes, and what was decoded
 * can be put back.
 * Under "strict" it decodes what stands before the first error, and says what the error is: whether a file can be read up
 * to there does not depend on how it was cut into chunks (in CPython it does).
 */

/** What is done about what can't be decoded or encoded: an error, a replacement (U+FFFD, or `?`), or nothing. */
export type UnicodeErrors = "strict" | "replace" | "ignore";

/** Bytes that mean nothing. @internal */
export interface Malformed {
  /** Where they begin. */
  readonly at: number;
  readonly length: number;
  /** What is wrong with them. */
  readonly reason: string;
}

/** @internal */
export interface Decoded {
  readonly text: string;
  /** How many bytes the text is made of. */
  readonly used: number;
  /** What stands after them, when that is wrong and `errors` is `"strict"`. */
  readonly malformed: Malformed | null;
}

/** @internal */
export interface Codec {
  /** As Python calls it. */
  readonly name: string;
  /** Bytes of `"\n"`. */
  readonly unit: 1 | 2;
  readonly newline: Buffer;
  readonly return: Buffer;
  /**
   * Decodes bytes from where a character begins.
   * @param final false when more may follow: a character that is not complete is not used then
   */
  decode(bytes: Buffer, errors: UnicodeErrors, final: boolean): Decoded;
  /** Bytes of the text up to `end`, if it is encoded as it was decoded; null when only decoding can tell. */
  encodedLength(text: string, end: number): number | null;
  /** @throws {@link UnicodeEncodeError} */
  encode(text: string, errors: UnicodeErrors): Buffer;
}

/** Bytes that are all in order. @internal */
export function decoded(text: string, used: number): Decoded {
  return { text, used, malformed: null };
}
