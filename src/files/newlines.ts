/*
 * Newlines: where lines end, and what becomes of their ends (Python's `newline=`).
 *
 * Strategy: a file is cut into pieces behind the end of a line, wherever there is one, so that the search for lines, the
 * translation and the decoding of characters never have to look from one piece into the next. A `"\r"` at the very end of
 * what was read is left for the next piece, as a `"\n"` may follow.
 */
import { EOL } from "node:os";
import { outOfRange } from "../core/arguments.ts";
import type { Codec } from "./codec.ts";

/**
 * Where lines end, and how ends are translated (`newline` of Python's `open`): `null`, the default, reads `"\r"`, `"\n"`
 * and `"\r\n"` as `"\n"`, and writes `"\n"` as this system does; `""` ends lines at each of the three and translates
 * nothing; the others end lines there only, translate nothing in reading, and `"\n"` to themselves in writing.
 */
export type Newline = "" | "\n" | "\r" | "\r\n" | null;

const MODES: readonly unknown[] = [null, "", "\n", "\r", "\r\n"];
const NEWLINE = 10;
const RETURN = 13;
const ANY = /\r\n?|\n/g;

/** @internal */
export class Newlines {
  /** What `"\n"` becomes in writing; null for itself. */
  readonly #written: string | null;
  readonly #mode: Newline;
  readonly #universal: boolean;
  #lf = false;
  #cr = false;
  #crlf = false;

  constructor(mode: Newline) {
    if (!MODES.includes(mode)) {
      throw outOfRange("options.newline", 'null, "", "\\n", "\\r" or "\\r\\n"', mode);
    }
    this.#mode = mode;
    this.#universal = mode === null || mode === "";
    const written = mode === null ? EOL : mode;
    this.#written = written === "" || written === "\n" ? null : written;
  }

  /** What is written for that text. */
  toWrite(text: string): string {
    return this.#written === null ? text : text.replaceAll("\n", this.#written);
  }

  /** The ends of lines that were met, in a mode that takes each of them (`newlines` of Python's files). */
  get met(): string | readonly string[] | null {
    const met: string[] = [];
    if (this.#cr) met.push("\r");
    if (this.#lf) met.push("\n");
    if (this.#crlf) met.push("\r\n");
    if (met.length < 2) return met[0] ?? null;
    return met;
  }

  /** Where the last line ends that is complete; 0 when none is. Bytes begin with a character. */
  lastEnd(bytes: Buffer, codec: Codec): number {
    switch (this.#mode) {
      case "\r":
        return behindLast(bytes, codec.return, codec);
      case "\r\n":
        return behindLast(bytes, Buffer.concat([codec.return, codec.newline]), codec);
      case "\n":
        return behindLast(bytes, codec.newline, codec);
      default:
        return behindLast(bytes, codec.newline, codec) || this.#behindReturn(bytes, codec);
    }
  }

  #behindReturn(bytes: Buffer, codec: Codec): number {
    const before = bytes.subarray(0, Math.max(0, bytes.length - codec.unit));
    return behindLast(before, codec.return, codec);
  }

  /** Whether the text, which was translated, ends a line. */
  ends(text: string): boolean {
    if (this.#mode === "") return text.endsWith("\n") || text.endsWith("\r");
    return text.endsWith(this.#mode ?? "\n");
  }

  /** Whether the text's last character may be half of an end of line. */
  splits(text: string): boolean {
    const short = this.#mode === "\n" || this.#mode === "\r";
    return !short && text.charCodeAt(text.length - 1) === RETURN;
  }

  /** What is read for that text. */
  translated(text: string): string {
    if (!this.#universal) return text;
    if (!text.includes("\r")) {
      if (!this.#lf) this.#lf = text.includes("\n");
      return text;
    }
    this.#note(text);
    return this.#mode === null ? text.replaceAll(ANY, "\n") : text;
  }

  #note(text: string): void {
    if (this.#cr && this.#lf && this.#crlf) return;
    this.#crlf ||= text.includes("\r\n");
    this.#cr ||= /\r(?!\n)/.test(text);
    this.#lf ||= /(?<!\r)\n/.test(text);
  }

  /** Whether `translated` gives something else for it. */
  translates(text: string): boolean {
    return this.#mode === null && text.includes("\r");
  }

  /** What ends every line of this text, which was translated; null when it differs. */
  endOf(text: string): "\n" | "\r" | "\r\n" | null {
    if (this.#mode === null) return "\n";
    if (this.#mode !== "") return this.#mode;
    return text.includes("\r") ? null : "\n";
  }
}

/** Where the line ends that begins at `from`, when any of the three may end it; 0 when nothing does. @internal */
export function lineEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) return at + 1;
    if (code === RETURN) return text.charCodeAt(at + 1) === NEWLINE ? at + 2 : at + 1;
  }
  return 0;
}

function behindLast(bytes: Buffer, mark: Buffer, { unit }: Codec): number {
  const needle = mark.length === 1 ? (mark[0] as number) : mark;
  let at = bytes.lastIndexOf(needle);
  // Only where a character begins.
  while (at > 0 && at % unit !== 0) at = bytes.lastIndexOf(needle, at - 1);
  return at < 0 || at % unit !== 0 ? 0 : at + mark.length;
}
