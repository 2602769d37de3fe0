/*
 * The errors of `ambit/web` that are no answers: for those see httpError.ts.
 */

/** The client has left before its request was answered. */
export class ClientDisconnected extends Error {
  override name = "ClientDisconnected";
}
