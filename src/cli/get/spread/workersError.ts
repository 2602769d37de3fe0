/*
 * Why a run with `--workers` cannot begin, or not go on: no workers, or no Redis.
 */

/** In one line, for people. */
export class WorkersError extends Error {
  override readonly name = "WorkersError";
}
