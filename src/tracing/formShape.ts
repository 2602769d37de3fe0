/*
 * FormShape: the attributes of spans of one form, as bytes: what they have in common in one piece, and then what differs.
 */
import type { MemberTexts } from "./memberTexts.ts";
import type { SpanForm } from "./spanForm.ts";
import type { SpanRecord } from "./spanRecord.ts";
import { TextBytes } from "./textBytes.ts";
import type { TextPiece } from "./textPiece.ts";

const USUAL = 1024;

/** @internal */
export class FormShape {
  readonly #texts: MemberTexts;
  readonly #leftOut: readonly string[];
  readonly #steady: TextPiece;
  /** By their place; null for what is told elsewhere. */
  readonly #places: readonly (ReturnType<MemberTexts["of"]> | null)[];

  /**
   * @param leftOut attributes that are told elsewhere
   * @param head what stands before the attributes
   */
  constructor(texts: MemberTexts, leftOut: readonly string[], head: TextPiece, form: SpanForm) {
    this.#texts = texts;
    this.#leftOut = leftOut;
    const bytes = new TextBytes(USUAL);
    bytes.piece(head);
    texts.write(bytes, form.steady, leftOut);
    this.#steady = bytes.pieceFrom(0);
    this.#places = form.places.map((name) => (leftOut.includes(name) ? null : texts.of(name)));
  }

  /** Writes the head and the attributes, each with a comma before it. */
  write(bytes: TextBytes, { values, list }: SpanRecord): void {
    bytes.piece(this.#steady);
    const places = this.#places;
    for (let at = 0; at < places.length; at++) {
      const value = values[at];
      if (value !== undefined) places[at]?.write(bytes, value);
    }
    if (list.length > 0) this.#texts.write(bytes, list, this.#leftOut);
  }
}
