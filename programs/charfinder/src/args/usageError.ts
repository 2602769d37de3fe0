/*
 * What the user typed cannot be carried out as it stands. The program prints the message in one line, then the usage
 * line, and ends with exit code 2; nothing has been started by then.
 */
/** A mistake in the arguments; the message names it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
