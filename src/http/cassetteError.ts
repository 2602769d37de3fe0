/*
 * What a cassette has to say about a request that it does not have. Not a ClientError: a program that
 * handles those should not handle this.
 */

/** A request that a {@link Cassette} has no answer for, or one that was recorded and did not come. */
export class CassetteError extends Error {
  override readonly name: string = "CassetteError";
}
