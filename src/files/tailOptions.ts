/*
 * TailOptions: how `tail` reads a file, with what holds where nothing is said.
 */
import { expectInteger, expectMilliseconds, outOfRange, wrongType } from "../core/arguments.ts";
import type { LineEncoding } from "./lineCutter.ts";

/** How a file is read that grows. */
export interface TailOptions {
  /** Whether to go on when the end is reached (default), or end. */
  readonly follow?: boolean;
  /** Whether to begin at the end (default), or at the start. */
  readonly fromEnd?: boolean;
  /** How many of the last lines come first, when it begins at the end; an integer of at least 0. Default 10. */
  readonly lines?: number;
  /** The longest pause between two looks at the file, in milliseconds; more than 0. Default 250. */
  readonly interval?: number;
  /** What its bytes mean. Default `utf8`; what is no UTF-8 becomes U+FFFD. */
  readonly encoding?: LineEncoding;
  /** Bytes; a line that is longer comes in pieces. An integer of at least 4; default 1 MiB. */
  readonly limit?: number;
}

/** All of them. @internal */
export type TailSettings = Required<TailOptions>;

/** @internal */
export function tailSettings(options: TailOptions): TailSettings {
  const settings: TailSettings = {
    follow: true,
    fromEnd: true,
    lines: 10,
    interval: 250,
    encoding: "utf8",
    limit: 1024 * 1024,
    ...options,
  };
  const { encoding, interval } = settings;
  expectInteger("options.lines", settings.lines, 0);
  expectInteger("options.limit", settings.limit, 4);
  expectMilliseconds("options.interval", interval);
  if (interval <= 0) throw outOfRange("options.interval", "more than 0 ms", interval);
  if (encoding !== "utf8" && encoding !== "latin1")
    throw wrongType("options.encoding", '"utf8" or "latin1"', encoding);
  return settings;
}
