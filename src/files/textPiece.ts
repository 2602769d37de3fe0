/*
 * TextPiece: a stretch of a file as text, and how much of it was read.
 *
 * Strategy: the bytes it was made of are kept, so that a place in the text can be told as a place in the file, and what
 * was not read can be put back. Most often that is a matter of arithmetic; where something was translated, replaced or
 * left out it is found by decoding the bytes again, which only `tell` and a change from reading to writing pay for.
 */
import type { Codec, UnicodeErrors } from "./codec.ts";
import { lineEnd, type Newlines } from "./newlines.ts";

/** What a piece is decoded by. @internal */
export interface TextRules {
  readonly codec: Codec;
  readonly errors: UnicodeErrors;
  readonly newlines: Newlines;
}

/** @internal */
export class TextPiece {
  readonly text: string;
  /** The bytes of the text. */
  readonly bytes: Buffer;
  /** Where they begin in the file. */
  readonly start: number;
  /** Whether the file ended behind it. */
  readonly final: boolean;
  /** How much was read. */
  at = 0;
  readonly #rules: TextRules;
  readonly #end: string | null;
  #paired: boolean | null = null;

  /** @param raw what the bytes decode to */
  constructor(raw: string, bytes: Buffer, start: number, final: boolean, rules: TextRules) {
    this.text = rules.newlines.translated(raw);
    this.bytes = bytes;
    this.start = start;
    this.final = final;
    this.#rules = rules;
    this.#end = rules.newlines.endOf(this.text);
  }

  get empty(): boolean {
    return this.at >= this.text.length;
  }

  /** Where the next line ends; 0 when that can't be told. */
  lineEnd(): number {
    const { text, at } = this;
    if (this.#end === null) return lineEnd(text, at) || this.#lastEnd();
    const found = text.indexOf(this.#end, at);
    return found === -1 ? this.#lastEnd() : found + this.#end.length;
  }

  /** Takes the lines that are there, up to one that is longer than `most`. */
  takeLines(most: number): string[] {
    const lines = this.#end === null ? [] : this.#takeEndedLines(this.#end, most);
    for (let end = this.lineEnd(); end !== 0 && end - this.at <= most; end = this.lineEnd()) {
      lines.push(this.text.slice(this.at, end));
      this.at = end;
    }
    return lines;
  }

  /** The same of those that have an end, in one loop: nothing is looked up for each of them. */
  #takeEndedLines(mark: string, most: number): string[] {
    const { text } = this;
    const lines: string[] = [];
    let { at } = this;
    for (let found = text.indexOf(mark, at); found !== -1; found = text.indexOf(mark, at)) {
      const end = found + mark.length;
      if (end - at > most) break;
      // Where `push` is not inlined it takes a sixth of the time.
      lines[lines.length] = text.slice(at, end);
      at = end;
    }
    this.at = at;
    return lines;
  }

  /** The last line of a file may have no end. */
  #lastEnd(): number {
    return this.final && !this.empty ? this.text.length : 0;
  }

  /** Takes what stands before that place. */
  takeTo(end: number): string {
    const taken = this.text.slice(this.at, end);
    this.at = end;
    return taken;
  }

  takeAll(): string {
    return this.takeTo(this.text.length);
  }

  /** Where `count` characters from here end, those of two units too; the end of the text when there are fewer. */
  placeAfter(count: number): number {
    const { text, at } = this;
    const { length } = text;
    this.#paired ??= /[\uD800-\uDBFF]/.test(text);
    if (!this.#paired) return Math.min(length, at + count);
    let place = at;
    for (let left = count; left > 0 && place < length; left--) {
      place += (text.codePointAt(place) as number) > 0xffff ? 2 : 1;
    }
    return place;
  }

  /** The bytes of what was not read. */
  get unread(): Buffer {
    return this.bytes.subarray(this.#bytesBefore(this.at));
  }

  /** Where in the file the next character begins. */
  get position(): number {
    return this.start + this.#bytesBefore(this.at);
  }

  #bytesBefore(at: number): number {
    if (at === 0) return 0;
    if (at === this.text.length) return this.bytes.length;
    const { codec, errors, newlines } = this.#rules;
    const raw = codec.decode(this.bytes, errors, true).text;
    const place = newlines.translates(raw) ? untranslatedPlace(raw, at) : at;
    // Where something was replaced or left out, what was decoded is not as long as it was.
    if (codec.encodedLength(raw, raw.length) !== this.bytes.length) return this.#searched(place);
    return codec.encodedLength(raw, place) as number;
  }

  /** How many bytes decode to so much text: of the beginnings, the fewest that do. */
  #searched(length: number): number {
    const { codec, errors } = this.#rules;
    let [few, enough] = [0, this.bytes.length];
    while (enough - few > 1) {
      const middle = (few + enough) >> 1;
      const { text } = codec.decode(this.bytes.subarray(0, middle), errors, false);
      if (text.length >= length) enough = middle;
      else few = middle;
    }
    const { text, used } = codec.decode(this.bytes.subarray(0, enough), errors, false);
    return text.length === length ? used : this.#behindReplaced(length, enough);
  }

  /** What is not complete is replaced when it is followed by something else, which then is text, too, and was not read. */
  #behindReplaced(length: number, end: number): number {
    const { codec, errors } = this.#rules;
    for (let before = end - codec.unit; before > 0; before -= codec.unit) {
      const { text } = codec.decode(this.bytes.subarray(0, before), errors, true);
      if (text.length === length) return before;
      if (text.length < length) break;
    }
    return end;
  }
}

/** Where in the text that was read stands what is at `at` in its translation. */
function untranslatedPlace(raw: string, at: number): number {
  let place = 0;
  for (let left = at; left > 0; left--) {
    place += raw.charCodeAt(place) === 13 && raw.charCodeAt(place + 1) === 10 ? 2 : 1;
  }
  return place;
}
