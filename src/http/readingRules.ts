/*
 * How the bodies of responses are read: the options, and what they become once they are checked.
 */
import { expectFunction, expectLimit, wrongType } from "../core/arguments.ts";
import { encodingOf } from "./charset.ts";
import type { ContentType } from "./contentType.ts";

/**
 * The encoding of text whose head names none: a label as `TextDecoder` knows it, or a function that
 * tells one from the body. What it does not know counts as UTF-8.
 */
export type FallbackCharset =
  | string
  | ((body: Uint8Array, contentType: ContentType | null) => string | null | undefined);

/** How a session, or a request, has its responses read. */
export interface ReadingOptions {
  /**
   * Asks for compressed bodies, and decodes them: gzip, deflate, br, and zstd from Node 24.20 and 26.6
   * (older ones take a body that was cut for a whole one). With false they come as they are. Default true.
   */
  readonly decompress?: boolean;
  /**
   * The most bytes of a body, decoded; a body of more fails with a BodyTooLargeError. 1 or more, or
   * Infinity. Default: 1 GiB for a compressed body that is read as a whole, else Infinity.
   */
  readonly maxBodySize?: number;
  /** The encoding of text whose head names none. Default UTF-8. */
  readonly fallbackCharset?: FallbackCharset;
}

/** The same, checked and complete. @internal */
export interface ReadingRules {
  readonly decompress: boolean;
  /** Null: the default. */
  readonly maxBodySize: number | null;
  readonly fallbackCharset: FallbackCharset;
}

/** @internal */
export const DEFAULT_RULES: ReadingRules = Object.freeze({
  decompress: true,
  maxBodySize: null,
  fallbackCharset: "utf-8",
});

/** @internal */
export function readingRulesOf(options: ReadingOptions, base: ReadingRules): ReadingRules {
  const { decompress, maxBodySize, fallbackCharset } = options;
  // A request says nothing of it, nearly always: then it is the session's record.
  if (decompress === undefined && maxBodySize === undefined && fallbackCharset === undefined)
    return base;
  if (decompress !== undefined && typeof decompress !== "boolean")
    throw wrongType("options.decompress", "a boolean", decompress);
  if (maxBodySize !== undefined) expectLimit("options.maxBodySize", maxBodySize, 1);
  return {
    decompress: decompress ?? base.decompress,
    maxBodySize: maxBodySize ?? base.maxBodySize,
    fallbackCharset: checkedCharset(fallbackCharset) ?? base.fallbackCharset,
  };
}

function checkedCharset(charset: FallbackCharset | undefined): FallbackCharset | undefined {
  if (charset === undefined || typeof charset === "function") return charset;
  if (typeof charset !== "string") expectFunction("options.fallbackCharset", charset);
  return expectEncoding("options.fallbackCharset", charset);
}

/** The name of the encoding that a caller's label means. @internal */
export function expectEncoding(name: string, label: string): string {
  if (typeof label !== "string") throw wrongType(name, "the label of an encoding", label);
  const encoding = encodingOf(label);
  if (encoding !== null) return encoding;
  throw new RangeError(
    `Expected \`${name}\` to be an encoding that TextDecoder knows, got \`${label}\``,
  );
}
