/*
 * In a worker: which call the running code belongs to, and what its reports and call graphs say of who submitted it.
 *
 * Strategy: the loop of the worker says which call runs; whose code it is, is found in the tree of scopes when somebody asks.
 * Limits: a task that a call has left running is nobody's once the call has ended; what such a task makes while another call
 * runs counts as that one's.
 */
import { Future } from "../core/future.ts";
import { INSPECT } from "../core/inspection.ts";
import { workFor } from "../core/origin.ts";
import { ambientScope, rootScope, type Scope } from "../core/scope.ts";
import { Task } from "../core/task.ts";

/** A call, as the worker that runs it sees it. */
export interface CurrentCall {
  /** The worker's name: `ThreadPoolExecutor-0_1`. */
  readonly worker: string;
  /** The name of the function. */
  readonly name: string;
  /** The name of the task that has submitted it; null when that was done outside any task. */
  readonly caller: string | null;
}

/** The call that a worker runs. @internal */
export interface ServedCall {
  readonly name: string;
  readonly caller: string;
  /** Null before it has one. */
  readonly task: Task<unknown> | null;
}

interface Worker {
  /** `thread` or `process`. */
  readonly noun: string;
  readonly name: string;
  running(): ServedCall | null;
}

let worker: Worker | null = null;

/** Says who runs calls here. @internal */
export function serveCalls(one: Worker): void {
  worker = one;
  workFor({ origin: () => originOf(one), awaiter: (future) => callerOf(one, future) });
}

/** The name of this worker; null elsewhere. @internal */
export function workerName(): string | null {
  return worker === null ? null : worker.name;
}

/**
 * The call of an executor that the running code belongs to, in a worker; null elsewhere. For log lines that say for whom a
 * worker works.
 *
 * @example
 * ```ts
 * import { currentCall } from "ambit/futures";
 *
 * const call = currentCall(); // in a worker: { worker: "ThreadPoolExecutor-0_0", name: "hash", caller: "upload 17" }
 * const prefix = call === null ? "" : `[${call.worker}, for ${call.caller}] `;
 * prefix; // => ""
 * ```
 */
export function currentCall(): CurrentCall | null {
  if (worker === null) return null;
  const call = worker.running();
  if (call === null || !isOf(call)) return null;
  const { name, caller } = call;
  return { worker: worker.name, name, caller: caller === "" ? null : caller };
}

/** Whether the running code is the call's: its task's, or that of a task which was made since. */
function isOf({ task }: ServedCall): boolean {
  // The call's task is made eagerly: what runs before it is known here is its own.
  if (task === null) return true;
  let top = ambientScope();
  while (top.parent !== null && top.parent !== rootScope) top = top.parent;
  for (let at: Scope | null = task.scope; at !== null; at = at.nextSibling)
    if (at === top) return true;
  return false;
}

/** `thread 'pool_0', while it ran 'convert' for task 'upload'`. */
function originOf({ noun, name: worker, running }: Worker): string {
  const call = running();
  if (call === null) return `${noun} '${worker}'`;
  const { name, caller } = call;
  return `${noun} '${worker}', while it ran '${name}'${caller === "" ? "" : ` for task '${caller}'`}`;
}

function callerOf({ running }: Worker, future: object): Caller | null {
  const call = running();
  if (call === null || call.caller === "" || !(future instanceof Task)) return null;
  return isItsTask(call, future) ? new Caller(call.caller) : null;
}

function isItsTask({ name, task }: ServedCall, one: Task<unknown>): boolean {
  if (task !== null) return one === task;
  return one.scope.parent === rootScope && one.name === name;
}

/** Whether the task is that of the call which this worker runs: who has submitted the call sees it as the call. @internal */
export function isTaskOfCall(task: Task<unknown>): boolean {
  const call = worker === null ? null : worker.running();
  return call !== null && isItsTask(call, task);
}

/** Stands for a task of the program that has submitted the call. */
class Caller extends Future<never> {
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
  }

  /** @internal */
  override [INSPECT](): string {
    return `task '${this.#name}' of the program that has submitted it`;
  }
}
