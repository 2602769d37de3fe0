/*
 * How a lane ends the run: what it throws carries the last result, and what the run then throws.
 */
import type { DiskError } from "./errors.ts";
import type { DownloadResult } from "./result.ts";

/** @internal */
export class Stop extends Error {
  readonly result: DownloadResult;
  readonly error: DiskError;

  constructor(result: DownloadResult, error: DiskError) {
    super(error.message);
    this.result = result;
    this.error = error;
  }
}
