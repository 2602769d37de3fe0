/*
 * ReporterStatistics: what a reporter that sends spans tells of itself.
 */

/** What a reporter has done so far, in spans. */
export interface ReporterStatistics {
  /** Handed to it. */
  readonly reported: number;
  /** Taken by the server. */
  readonly sent: number;
  /** Given up: too many at a time, refused by the server, or left at the end. */
  readonly dropped: number;
  /** Waiting, or on their way. */
  readonly queued: number;
  /** How often a batch was tried again. */
  readonly retries: number;
}
