/*
 * Which answers may be otherwise the next time.
 */

/** A timeout, too early, too many requests, or trouble of the server's. @internal */
export function isTransient(status: number): boolean {
  return TRANSIENT.has(status);
}

const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);
