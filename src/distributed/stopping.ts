/*
 * Stopping calls that were submitted: taking them out of the queue, or having their workers stop them.
 *
 * Strategy: a flag in Redis stays for whoever takes the call later, and all workers hear of it at once. Who waits for a call
 * that was cancelled waits for its end, for as long as `cancelTimeout` allows. A call that others may wait for goes on.
 */
import type { Queue } from "bullmq";
import { cancelled } from "../core/cancellation.ts";
import type { CancelledError } from "../core/errors.ts";
import type { Loop } from "../core/loop.ts";
import { LONGEST_LIFE, type Sender, throwFirst } from "./outgoing.ts";
import type { Submission } from "./submission.ts";

/** Who has submitted them. @internal */
export interface StopHost extends Sender {
  readonly queue: Queue;
  readonly loop: Loop;
  /** Keeps the connections until that has been said. */
  say(saying: () => Promise<void>): void;
}

/** Has a call stop whose future was cancelled. @internal */
export function stop(host: StopHost, submission: Submission, error: CancelledError): boolean {
  if (submission.cancelling !== null) return true;
  submission.cancelling = error;
  if (submission.shared) {
    // Others may wait for it.
    submission.future.endCancelled(error);
    return true;
  }
  const { loop, settings } = host;
  const giveUp = (): void => submission.future.endCancelled(error);
  submission.patience = loop.schedule(loop.time() + settings.cancelTimeout, giveUp, null);
  host.say(() => askToStop(host, submission));
  return true;
}

/** Takes it out of the queue, or has its worker stop it. @internal */
export async function askToStop(host: StopHost, submission: Submission): Promise<void> {
  const { connections, keys, queue, settings } = host;
  const { commands } = connections;
  const { id } = submission;
  try {
    await submission.sent;
    const life = Math.min(settings.deadline, LONGEST_LIFE);
    const flagged = commands
      .pipeline()
      .set(keys.cancel(id), "1", "PX", life)
      .publish(keys.cancels, id)
      .exec();
    const [results, removed] = await Promise.all([flagged, queue.remove(id)]);
    throwFirst(results);
    if (removed !== 1) return;
    submission.future.endCancelled(submission.cancelling ?? cancelled());
    await commands.del(keys.cancel(id), keys.payload(id, "args"));
  } catch (error) {
    // Its patience, or its deadline, ends it.
    connections.trouble = error as Error;
  }
}

/** Takes what waits in the queue out of it. @internal */
export async function dropQueued(queue: Queue, all: readonly Submission[]): Promise<void> {
  const error = cancelled("the executor was shut down");
  const drop = async (submission: Submission): Promise<void> => {
    const { future } = submission;
    if (!future.running()) return void future.cancelWith(error);
    await submission.sent;
    if (submission.shared || (await queue.remove(submission.id)) !== 1) return;
    future.endCancelled(error);
  };
  await Promise.all(all.map(drop));
}
