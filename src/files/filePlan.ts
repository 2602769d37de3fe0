/*
 * FilePlan: what a mode and its options make of an open file: an object for bytes, or one for text.
 *
 * All is checked before anything is opened.
 */
import { expectInteger, expectLimit, outOfRange } from "../core/arguments.ts";
import type { Place } from "../core/frames.ts";
import { BinaryFile } from "./binaryFile.ts";
import { BufferedFile } from "./bufferedFile.ts";
import type { UnicodeErrors } from "./codec.ts";
import { encodingOf } from "./encoding.ts";
import { type BinaryMode, type ModeRules, rulesOf, type TextMode } from "./mode.ts";
import { type Newline, Newlines } from "./newlines.ts";
import type { RawFile } from "./rawFile.ts";
import { BUFFER_SIZE } from "./readBuffer.ts";
import { TextFile, type TextFileRules } from "./textFile.ts";
import { closeWhenForgotten } from "./unclosed.ts";

/** How the bytes of a file are handled. */
export interface BufferOptions {
  /**
   * Bytes to read ahead, and to gather before they are written. 0 is for neither, in files of bytes; 1, in files of text,
   * also writes at each end of a line, as is the rule for terminals. Default 65,536.
   */
  readonly buffering?: number;
  /** The longest line, its end not counted, in bytes or, for text, characters; at least 1. Default Infinity. */
  readonly maxLineLength?: number;
}

/** How text is made of bytes. */
export interface EncodingOptions {
  /**
   * How its text is encoded: `utf-8` (default), `utf-8-sig`, `utf-16`, `utf-16-le`, `utf-16-be`, `latin-1`, `ascii`, in any
   * spelling; to be read, also what `TextDecoder` knows.
   */
  readonly encoding?: string;
  /** What is done about what can't be decoded or encoded. Default `"strict"`: an error. */
  readonly errors?: UnicodeErrors;
  /** Where lines end, and how ends are translated. Default `null`: each of the three ends is read as `"\n"`. */
  readonly newline?: Newline;
}

/** @internal */
export type PlanOptions = BufferOptions & EncodingOptions;

/** @internal */
export class FilePlan {
  readonly rules: ModeRules;
  readonly #options: PlanOptions;
  readonly #buffering: number;
  readonly #text: Omit<TextFileRules, "byLines"> | null;

  constructor(mode: TextMode | BinaryMode, options: PlanOptions) {
    this.rules = rulesOf(mode);
    this.#options = options;
    this.#buffering = bufferingOf(this.rules, options);
    expectLimit("options.maxLineLength", options.maxLineLength ?? Infinity, 1);
    if (this.rules.binary) refuseTextOptions(this.rules, options);
    this.#text = this.rules.binary ? null : textRulesOf(this.rules, options);
  }

  /** @param start the position it begins at @param opened by whom, where that is known */
  build(raw: RawFile, start: number, opened?: Place): TextFile | BinaryFile {
    const buffered = this.buffer(raw, start);
    const text = this.textRules(raw);
    const file =
      text === null ? new BinaryFile(buffered, this.maxLineLength) : new TextFile(buffered, text);
    closeWhenForgotten(file, buffered, opened);
    return file;
  }

  get maxLineLength(): number | undefined {
    return this.#options.maxLineLength;
  }

  buffer(raw: RawFile, start: number): BufferedFile {
    return new BufferedFile(raw, this.rules, this.#buffering, start);
  }

  /** Null for bytes. */
  textRules(raw: RawFile): TextFileRules | null {
    if (this.#text === null) return null;
    // A terminal has no positions; who has some need not be asked.
    const byLines = this.#options.buffering === 1 || (!raw.seekable && raw.isatty());
    return { ...this.#text, byLines };
  }
}

function bufferingOf(
  { binary, mode }: ModeRules,
  { buffering = BUFFER_SIZE }: PlanOptions,
): number {
  expectInteger("options.buffering", buffering, 0);
  if (buffering === 0 && !binary) {
    throw outOfRange("options.buffering", `at least 1 for text (mode "${mode}")`, buffering);
  }
  return buffering === 1 && !binary ? BUFFER_SIZE : buffering;
}

const ERRORS: readonly unknown[] = ["strict", "replace", "ignore"];
const FOR_TEXT = ["encoding", "errors", "newline"] as const;

function textRulesOf(rules: ModeRules, options: PlanOptions): Omit<TextFileRules, "byLines"> {
  const { encoding = "utf-8", errors = "strict", newline = null } = options;
  if (!ERRORS.includes(errors))
    throw outOfRange("options.errors", "strict, replace or ignore", errors);
  return {
    encoding: encodingOf(encoding, rules.writable),
    errors,
    newlines: new Newlines(newline),
    maxLineLength: options.maxLineLength ?? Infinity,
  };
}

/** Bytes have none of these. */
function refuseTextOptions({ mode }: ModeRules, options: PlanOptions): void {
  const given = FOR_TEXT.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  throw outOfRange(`options.${given}`, `left out for bytes (mode "${mode}")`, options[given]);
}
