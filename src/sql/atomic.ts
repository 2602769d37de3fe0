/*
 * A piece of work between BEGIN and COMMIT.
 *
 * A COMMIT that has been sent is waited for, whatever is cancelled, so that nobody is told "cancelled" of what has
 * happened; one that was not yet sent is not sent after a cancel. Before anything that was thrown passes on, all is undone.
 */
import { CommitUnknownError, DatabaseConnectionError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { BeginOptions } from "./transactionWords.ts";

const COMMIT = { text: "COMMIT", values: [] };
const ROLLBACK = { text: "ROLLBACK", values: [] };

/**
 * Runs the body between BEGIN and COMMIT. `check` throws when it may not be committed.
 * @internal
 */
export async function atomically<T>(
  link: Link,
  commitTimeout: number,
  begin: BeginOptions,
  body: () => T | PromiseLike<T>,
  check: () => void = sound,
): Promise<T> {
  let committing = false;
  try {
    for (const text of link.words.begin(begin)) await link.execute({ text, values: [] });
    const value = await body();
    check();
    committing = true;
    await link.executeHeld(COMMIT, commitTimeout);
    return value;
  } catch (error) {
    if (!link.outsideTransaction) await link.tidy(() => link.execute(ROLLBACK));
    if (committing && error instanceof DatabaseConnectionError) throw unknownCommit(link, error);
    throw error;
  }
}

function sound(): void {}

function unknownCommit(link: Link, { code, driverError }: DatabaseConnectionError): Error {
  return new CommitUnknownError(
    `the connection to ${link.peer} broke during COMMIT: whether it was done is not known`,
    { code, driverError },
  );
}
