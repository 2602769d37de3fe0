/*
 * Leftovers: what belongs to a task group and is no task, such as a child process that nobody has ended.
 *
 * They are closed after the group's children have ended, who may be using them to the last, and before the group's call
 * ends.
 */
import type { Loop } from "./loop.ts";

/** Something that is not to outlive its group. */
export interface Leftover {
  /** The children of its group have ended. Told once; may not be interrupted. */
  ownerEnded(): PromiseLike<void>;
}

/** Closes them all at the same time; failures go to the exception handler. @internal */
export async function closeLeftovers(leftovers: Iterable<Leftover>, loop: Loop): Promise<void> {
  await Promise.all(Array.from(leftovers, (leftover) => close(leftover, loop)));
}

async function close(leftover: Leftover, loop: Loop): Promise<void> {
  try {
    await leftover.ownerEnded();
  } catch (error) {
    loop.callExceptionHandler({
      message: "closing what was left at the end of a task group failed",
      exception: error,
    });
  }
}
