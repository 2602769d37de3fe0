/*
 * Calls on their way out: what of a submission goes into the queue, and what beside it.
 */
import type { Queue } from "bullmq";
import { ambientVariables } from "../futures/departingVariables.ts";
import type { Settings } from "./callOptions.ts";
import type { Connections } from "./connections.ts";
import { DistributedSubmitEvent, submitsAreObserved, tellStarted } from "./diagnostics.ts";
import type { Keys } from "./keys.ts";
import type { CallData } from "./messages.ts";
import { BETWEEN_MACHINES, pack, type Packed } from "./payload.ts";
import type { Submission } from "./submission.ts";

/** Of a key in Redis, in milliseconds. @internal */
export const LONGEST_LIFE: number = 30 * 24 * 3_600_000;

/** @internal */
export interface Outgoing {
  readonly submission: Submission;
  readonly data: CallData;
  readonly args: Packed;
}

/** Who sends it. @internal */
export interface Sender {
  readonly id: string;
  readonly keys: Keys;
  readonly settings: Settings;
  readonly connections: Connections;
}

const UNLIMITED = { inlineLimit: Infinity, maxPayload: Infinity };

/**
 * @throws TypeError when an argument cannot be cloned
 * @throws PayloadTooLargeError
 * @internal
 */
export function packCall(
  { id: submitter, keys, settings, connections }: Sender,
  submission: Submission,
  args: readonly unknown[],
  chunk: boolean,
): Outgoing {
  const { id, task, options, shared } = submission;
  const event = submitsAreObserved()
    ? new DistributedSubmitEvent(
        task.name,
        id,
        settings.queue,
        chunk ? args.length : 1,
        connections.commands,
      )
    : null;
  if (event !== null) tellStarted((submission.future.event = event));
  const what = `the ${chunk ? "items" : "arguments"} of '${task.name}'`;
  const packed = pack(args, what, chunk ? "items" : "args", keys.payload(id, "args"), settings);
  const ambient = ambientVariables(BETWEEN_MACHINES);
  const context = event === null ? ambient : event.variablesOver(ambient);
  const headers = event?.headers;
  const data: CallData = {
    args: packed.payload,
    chunk,
    version: task.version,
    variables: context === null ? null : pack(context, what, "variables", "", UNLIMITED).payload,
    ...(headers === undefined ? {} : { headers }),
    submitter,
    owned: settings.orphans === "cancel" && !shared,
    key: options.deduplicationKey ?? id,
    shared,
    keep: settings.keepResults,
  };
  return { submission, data, args: packed };
}

/** Puts calls into the queue, in their order. @internal */
export async function enqueue(
  queue: Queue,
  sender: Sender,
  batch: readonly Outgoing[],
): Promise<void> {
  if (batch.some(({ args }) => args.bytes !== null)) await sendPayloads(sender, batch);
  // When it may begin should not be judged by what Redis's clock showed long ago.
  if (batch.some(({ submission }) => (submission.options.delay ?? 0) > 0))
    await sender.connections.clock.known();
  const jobs = batch.map((each) => jobOf(sender.settings, each));
  const [first] = jobs;
  // A pipeline costs more than what it sends, when that is one call.
  if (jobs.length === 1 && first !== undefined) await queue.add(first.name, first.data, first.opts);
  else await queue.addBulk(jobs);
}

/** Puts what is large under its key: before the call is there. */
async function sendPayloads(
  { settings, connections }: Sender,
  batch: readonly Outgoing[],
): Promise<void> {
  const pipeline = connections.commands.pipeline();
  for (const { submission, args } of batch) {
    if (args.bytes === null || !("key" in args.payload)) continue;
    const { delay = 0, deadline = settings.deadline } = submission.options;
    const life = Math.min(Math.ceil(deadline) + delay + settings.keepResults, LONGEST_LIFE);
    pipeline.set(args.payload.key, args.bytes, "PX", life);
  }
  if (pipeline.length > 0) throwFirst(await pipeline.exec());
}

/** What BullMQ is told. */
function jobOf(
  { keepResults }: Settings,
  { submission, data }: Outgoing,
): Parameters<Queue["addBulk"]>[0][number] {
  const { priority, delay, attempts, backoff } = submission.options;
  const kept = { age: Math.ceil(keepResults / 1000) };
  return {
    name: submission.task.name,
    data,
    opts: {
      jobId: submission.id,
      removeOnComplete: kept,
      removeOnFail: kept,
      ...(priority === undefined ? {} : { priority }),
      ...(delay === undefined ? {} : { delay }),
      ...(attempts === undefined ? {} : { attempts }),
      ...(backoff === undefined ? {} : { backoff }),
    },
  };
}

/** The results of a pipeline are errors or not, one by one. @internal */
export function throwFirst(results: [Error | null, unknown][] | null): void {
  for (const [error] of results ?? []) if (error !== null) throw error;
}
