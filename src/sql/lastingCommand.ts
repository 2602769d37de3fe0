/*
 * A command that makes lasting what was sent before it, as the end of a COPY does.
 *
 * Strategy: a cancel stops it as it stops any other. But whether it came in time decides what the caller is told: when
 * the command was done all the same, it has happened, and the cancel is for the next wait. Nobody is told "cancelled" of
 * what has been written.
 */
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { uninterruptible } from "../core/uninterruptible.ts";
import { Command, startCommand } from "./command.ts";
import { CommitUnknownError, DatabaseConnectionError, DatabaseError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Done } from "./outcome.ts";

class LastingCommand extends Command<void> {
  failure: Error | null = null;

  protected override settle(error: Error | null): void {
    this.failure = error;
    this.leave();
  }

  /** Its caller waits no more; it goes on. */
  leave(): void {
    this.wait?.resolve();
  }
}

function hurry(command: LastingCommand): void {
  command.leave();
}

/**
 * Runs such a command.
 *
 * **Cancellation:** stops it on the server; told as a cancel only when it was not done.
 *
 * @throws {@link CommitUnknownError} when the connection breaks meanwhile, outside of a transaction
 * @internal
 */
export async function performLasting(
  link: Link,
  label: string,
  send: (done: Done<void>) => void,
): Promise<void> {
  const command = new LastingCommand(link, send);
  await uninterruptible<void, LastingCommand>(startCommand, command, label, hurry);
  if (!command.settled) await link.stopCommand(command);
  const { failure } = command;
  if (failure === null) return;
  if (failure instanceof DatabaseConnectionError && link.outsideTransaction)
    throw unknownEnd(link, label, failure);
  // The driver's answer came in no code of the caller's: here the stack names it.
  if (failure instanceof DatabaseError) Error.captureStackTrace(failure);
  // A cancel that was asked for comes first.
  await suspend<never>((wait: Wait<never>) => void wait.reject(failure), undefined, label);
}

function unknownEnd(link: Link, label: string, error: DatabaseConnectionError): Error {
  return new CommitUnknownError(
    `the connection to ${link.peer} broke at the ${label}: whether it was done is not known`,
    { code: error.code, driverError: error },
  );
}
