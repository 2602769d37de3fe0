/*
 * A piece of work between BEGIN and COMMIT.
 *
 * A COMMIT that has been sent is waited for, whatever is cancelled, so that nobody is told "cancelled" of what has
 * happened; one that was not yet sent is not sent after a cancel. Before anything that was thrown passes on, all is undone.
 */
import { CommitUnknownError, DatabaseConnectionError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { BeginOptions } from "./transactionWords.ts";

/** @internal */
export async function atomically<T>(
  link: Link,
  commitTimeout: number,
  begin: BeginOptions,
  body: () => Promise<T>,
): Promise<T> {
  try {
    for (const text of link.words.begin(begin)) await link.execute({ text, values: [] });
    const value = await body();
    await commit(link, commitTimeout);
    return value;
  } catch (error) {
    if (!link.outsideTransaction)
      await link.tidy(() => link.execute({ text: "ROLLBACK", values: [] }));
    throw error;
  }
}

async function commit(link: Link, limit: number): Promise<void> {
  try {
    await link.executeHeld({ text: "COMMIT", values: [] }, limit);
  } catch (error) {
    if (!(error instanceof DatabaseConnectionError)) throw error;
    throw new CommitUnknownError(
      `the connection to ${link.peer} broke during COMMIT: whether it was done is not known`,
      { code: error.code, driverError: error.driverError },
    );
  }
}
