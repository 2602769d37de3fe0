/*
 * The result of a download, flag by flag. Engines make them, threads post them, reports print them.
 */
/** How a flag ended. "not found" is an answer, not an error: the server has no such flag. */
export const statuses = ["ok", "not found", "error"] as const;

export type Status = (typeof statuses)[number];

/** What became of one flag; plain data, as it is printed by `--json`. */
export interface Outcome {
  readonly code: string;
  readonly status: Status;
  /** From the first request to the saved file, in milliseconds. */
  readonly ms: number;
  /** Name of the saved flag inside the output folder; only when "ok". */
  readonly file?: string;
  /** Size of the saved flag; only when "ok". */
  readonly bytes?: number;
  /** Why it failed, in words; only when "error". */
  readonly cause?: string;
}
