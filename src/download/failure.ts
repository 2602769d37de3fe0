/*
 * Why one download fails: an error of the engine's own, with the kind that its result will have.
 *
 * What a client or the file system throws is turned into one, so that everything above decides by
 * `kind` and `retry` alone.
 */
import type { DownloadErrorKind } from "./result.ts";

/** What may be done about a failure: nothing, ask again, or ask again from the first byte. @internal */
export type Remedy = "none" | "again" | "afresh";

/** @internal */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly kind: DownloadErrorKind;
  readonly remedy: Remedy;
  /** How long the server asks to wait, in milliseconds; null if it does not. */
  readonly wait: number | null;

  constructor(
    kind: DownloadErrorKind,
    message: string,
    remedy: Remedy = "none",
    wait: number | null = null,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.remedy = remedy;
    this.wait = wait;
  }
}
