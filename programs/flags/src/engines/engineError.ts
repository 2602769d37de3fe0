/*
 * An engine cannot work here: what it stands on is not installed, not started or out of reach. The
 * message is for the user, in one line, and says what to do.
 */
/** An engine that cannot do its work, with a message for the user. */
export class EngineError extends Error {
  override readonly name = "EngineError";
}
