/*
 * Failing calls of which no outcome came: their deadline has passed, Redis is out of reach, or no worker is there.
 */
import { CallDeadlineError, DistributedConnectionError, NoWorkersError } from "./errors.ts";
import type { Outgoing } from "./outgoing.ts";
import { askToStop, type StopHost } from "./stopping.ts";
import type { Submission } from "./submission.ts";

/** Its deadline has passed. @internal */
export function failLate(host: StopHost, submission: Submission, deadline: number): void {
  const { task } = submission;
  const where = host.connections.ready ? "" : " (Redis cannot be reached)";
  const words = `'${task.name}' gave no result within ${deadline} ms${where}`;
  submission.fail(new CallDeadlineError(words, deadline));
  tellToStop(host, submission);
}

/** Redis was out of reach for too long. @internal */
export function failUnreached(host: StopHost, all: readonly Submission[], words: string): void {
  const { trouble: cause } = host.connections;
  for (const submission of all) {
    const told = `'${submission.task.name}': ${words}`;
    submission.fail(new DistributedConnectionError(told, { cause }));
  }
}

/** No worker was there for too long. @internal */
export function failUnattended(host: StopHost, all: readonly Submission[], words: string): void {
  for (const submission of all) {
    submission.fail(new NoWorkersError(`'${submission.task.name}': ${words}`));
    tellToStop(host, submission);
  }
}

/** Redis refused a batch of them. @internal */
export function failRefused(batch: readonly Outgoing[], cause: unknown): void {
  const why = cause instanceof Error ? cause.message : String(cause);
  for (const { submission } of batch) {
    const words = `'${submission.task.name}' could not be handed to Redis: ${why}`;
    submission.fail(new DistributedConnectionError(words, { cause }));
  }
}

/** Others may wait for one that is shared. */
function tellToStop(host: StopHost, submission: Submission): void {
  if (!submission.shared) host.say(() => askToStop(host, submission));
}
