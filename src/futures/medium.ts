/*
 * Medium: how values travel to the workers of a pool and back.
 */

/** @internal */
export interface Medium {
  /** What is on the other side, for error messages: `thread` or `process`. */
  readonly noun: string;
  /** Whether what is marked by `transfer` is moved; otherwise it is copied. */
  readonly moves: boolean;
  /** Whether a value can travel. */
  takes(value: unknown): boolean;
}
