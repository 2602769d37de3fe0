/*
 * A run of downloads, as an async iterator of results.
 *
 * Strategy: `mapConcurrent` over the schedule does the work, a task for each lane; here only what is
 * no result (a job that comes again) is passed over, and the last result of a run that the disk has
 * stopped is handed out before its error.
 */
import { INSPECT } from "../core/inspection.ts";
import { mapConcurrent } from "../flow/mapConcurrent.ts";
import type { DiskError } from "./errors.ts";
import type { DownloadProgress } from "./progress.ts";
import type { DownloadResult } from "./result.ts";
import { Stop } from "./stop.ts";

/** Results as they come; see {@link downloadAll}. */
export class Downloads
  implements AsyncIterableIterator<DownloadResult, undefined>, AsyncDisposable
{
  /** How far it has come. */
  readonly progress: DownloadProgress;
  readonly #results: AsyncIterator<DownloadResult | null, undefined>;
  #stopped: DiskError | null = null;

  /** @internal */
  constructor(
    results: ReturnType<typeof mapConcurrent<unknown, DownloadResult | null>>,
    progress: DownloadProgress,
  ) {
    this.#results = results;
    this.progress = progress;
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * The next result.
   *
   * **Cancellation:** ends the run.
   *
   * @throws {@link DiskError} after the result of the file that could not be written
   */
  async next(): Promise<IteratorResult<DownloadResult, undefined>> {
    if (this.#stopped !== null) throw this.#takeError();
    try {
      for (;;) {
        const { done, value } = await this.#results.next();
        if (done === true) return { done, value: undefined };
        if (value !== null) return { done: false, value };
      }
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      this.#stopped = error.error;
      return { done: false, value: error.result };
    }
  }

  #takeError(): DiskError {
    const error = this.#stopped as DiskError;
    this.#stopped = null;
    Error.captureStackTrace(error);
    return error;
  }

  /** Ends the run: what is on its way is closed, and kept for the next one if there is a journal. */
  async return(): Promise<IteratorResult<DownloadResult, undefined>> {
    await this.#results.return?.();
    return { done: true, value: undefined };
  }

  /** Ends the run. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** @internal */
  [INSPECT](): string {
    const { total, done, skipped, failed } = this.progress;
    return `<downloadAll ${done + skipped + failed}/${total ?? "?"} failed=${failed}>`;
  }
}
