/*
 * atOnce: the same for many items, so many at a time.
 *
 * For short calls of the system, where `mapConcurrent` with a task for each lane costs more than the call. What was begun
 * has ended when it returns or throws, a cancel included: nothing goes on behind the caller's back. A cancel is delivered
 * to one of the lanes; each has a scope of its own, so that it can be handed to the others.
 */
import { CancelScope } from "../core/cancelScope.ts";

/**
 * Calls `work` for each item, at most `limit` at a time. After a failure the others are cancelled; the first is
 * thrown when they have ended.
 * @internal
 */
export async function atOnce<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const lanes = Array.from({ length: Math.min(limit, items.length) }, () => new CancelScope());
  const drive = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) await work(items[next++] as T);
  };
  const run = async (lane: CancelScope): Promise<void> => {
    try {
      await lane.run(drive);
    } catch (error) {
      failures.push(error);
      for (const other of lanes) other.cancel("another item has failed");
    }
  };
  await Promise.all(lanes.map(run));
  if (failures.length > 0) throw failures[0];
}
