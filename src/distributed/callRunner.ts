/*
 * CallRunner: runs a call that a worker has taken: its arguments, its function, its result.
 *
 * Strategy: before anything else it is looked up whether the call is wanted at all. The function runs in the worker's pool,
 * or in this thread, under the caller's context variables and with what it can learn of itself.
 */
import type { Redis } from "ioredis";
import { createTask } from "../core/createTask.ts";
import { ArrivedContext } from "../futures/arrivedContext.ts";
import { Executor } from "../futures/executor.ts";
import type { Variables } from "../futures/protocol.ts";
import { taskNamed, taskNames, type RegisteredTask } from "../futures/registered.ts";
import { Admission } from "./admission.ts";
import { CALL_VARIABLE, type CurrentCall } from "./currentCall.ts";
import { DistributedRunEvent, runsAreObserved, tellEnded, tellStarted } from "./diagnostics.ts";
import { CallLostError, TaskVersionError, UnknownTaskError } from "./errors.ts";
import type { Keys } from "./keys.ts";
import { unpack } from "./payload.ts";
import type { RunningCall } from "./runningCall.ts";

/** @internal */
export class CallRunner {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #admission: Admission;
  /** Null where the functions run in this thread. */
  readonly #executor: Executor | null;

  constructor(redis: Redis, keys: Keys, executor: Executor | null) {
    this.#redis = redis;
    this.#keys = keys;
    this.#admission = new Admission(redis, keys);
    this.#executor = executor;
  }

  /**
   * Gives what the function gives.
   *
   * **Cancellation:** by `call.stop`; then it ends when the function has ended.
   */
  async run(call: RunningCall): Promise<unknown> {
    const variables = variablesOf(call);
    if (!runsAreObserved()) return await this.#run(call, variables);
    const event = new DistributedRunEvent(call.job, this.#keys.queue, variables, this.#redis);
    tellStarted(event);
    try {
      const value = await this.#run(call, event.variablesOver(variables) ?? variables);
      tellEnded(event, null);
      return value;
    } catch (error) {
      tellEnded(event, error);
      throw error;
    }
  }

  async #run(call: RunningCall, variables: Variables): Promise<unknown> {
    const args = await this.#begin(call);
    return await this.#call(call, taskOf(call), args, variables);
  }

  /** Whether it is wanted at all; and its arguments. */
  async #begin(call: RunningCall): Promise<readonly unknown[]> {
    const { args } = call.job.data;
    await this.#admission.ask(call);
    if (call.stopped !== null) throw call.stopped;
    const bytes = "key" in args ? await this.#redis.getBuffer(args.key) : null;
    if ("key" in args && bytes === null)
      throw new CallLostError(`Redis does not have the arguments of '${call.job.name}' any more`);
    return unpack(args, bytes) as readonly unknown[];
  }

  async #call(
    call: RunningCall,
    task: RegisteredTask,
    args: readonly unknown[],
    variables: Variables,
  ): Promise<unknown> {
    const executor = this.#executor;
    const context = new ArrivedContext(variables);
    const { chunk } = call.job.data;
    const body = async (): Promise<unknown> =>
      executor === null ? here(task, args, chunk) : inPool(executor, task, args, chunk);
    const work = createTask(body, { name: task.name, context, eager: true });
    call.work = work;
    if (call.stopped !== null) work.cancelWith(call.stopped);
    return await work;
  }
}

function taskOf({ job: { name, data } }: RunningCall): RegisteredTask {
  const task = taskNamed(name);
  if (task === undefined) {
    const known = taskNames().join(", ");
    throw new UnknownTaskError(
      `the worker has no task '${name}'; it has ${known === "" ? "none" : known}: load the module that names it`,
    );
  }
  if (task.version === data.version) return task;
  throw new TaskVersionError(
    `the task '${name}' has version ${data.version} where it was submitted, and ${task.version} on the worker`,
  );
}

/** What the call brings along, and what it can learn of itself. */
function variablesOf({ id, job }: RunningCall): Variables {
  const { variables, key } = job.data;
  const current: CurrentCall = {
    id,
    name: job.name,
    attempt: job.attemptsMade + 1,
    idempotencyKey: key,
  };
  const arrived = variables === null ? [] : (unpack(variables, null) as Variables);
  return [...arrived, [CALL_VARIABLE, current]];
}

/** Those of a chunk one after the other. */
async function here(
  { fn }: RegisteredTask,
  args: readonly unknown[],
  chunk: boolean,
): Promise<unknown> {
  if (!chunk) return fn(...(args as never[]));
  const results: unknown[] = [];
  for (const item of args) results.push(await fn(item as never));
  return results;
}

function inPool(
  executor: Executor,
  { fn }: RegisteredTask,
  args: readonly unknown[],
  chunk: boolean,
): PromiseLike<unknown> {
  if (chunk) return Executor.submitChunkTo(executor, fn, args);
  return executor.submit(fn as (...args: unknown[]) => unknown, ...args);
}
