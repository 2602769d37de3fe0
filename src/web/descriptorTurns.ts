/*
 * Waiting for a descriptor when there is none left, as files wait for one.
 *
 * Strategy: the line is the one of all files (`files/descriptorLine.ts`). Who has waited too long, in a line that moves or
 * not, is sent away with a 503: the client can come again, a request that waits without end holds memory.
 */
import { TimeoutError } from "../core/errors.ts";
import { inTurn as inLine, isScarcity } from "../files/descriptorLine.ts";
import { ServiceUnavailable } from "./httpError.ts";

/** Milliseconds. */
const PATIENCE = 5000;

/**
 * Opens something, in turn when descriptors are scarce.
 *
 * **Cancellation:** leaves the line.
 *
 * @throws {@link ServiceUnavailable} when none was free for five seconds
 * @throws what `open` throws for another reason
 * @internal
 */
export async function inTurn(open: () => Promise<number>): Promise<number> {
  try {
    return await inLine(open, PATIENCE, PATIENCE);
  } catch (cause) {
    if (!(cause instanceof TimeoutError) && !isScarcity(cause)) throw cause;
    const headers = { "retry-after": "1" };
    throw new ServiceUnavailable("too many files are open", { headers, cause });
  }
}
