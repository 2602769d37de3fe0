/*
 * A command line that makes no sense.
 */

/**
 * What was typed cannot be done as it was typed: told in one line, with exit code 2, before
 * anything is done. The message names the option and the value, and says what would be right.
 */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
