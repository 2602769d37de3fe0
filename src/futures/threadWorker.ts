/*
 * The code that runs in each thread of a pool.
 *
 * Strategy: calls come in batches and run one after the other, each as a task of the kernel that runs in this thread, so
 * that code here can use all of Ambit: a cancel from outside is a cancel of that task, context variables are there.
 * Endings go back together: when there is nothing left to do, or when some have waited for a millisecond.
 * Limits: messages are read between calls and while a call awaits; a call that never awaits can look at
 * `cancelRequested()`.
 */
import {
  parentPort,
  receiveMessageOnPort,
  workerData,
  type MessagePort,
} from "node:worker_threads";
import type { TimerHandle } from "../core/clock.ts";
import { CancelledError } from "../core/errors.ts";
import { createTask } from "../core/createTask.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import { ArrivedContext } from "./arrivedContext.ts";
import { pathOfUncloneable } from "./cloning.ts";
import { packThrown } from "./parcel.ts";
import {
  BEGUN,
  type CallMessage,
  type Ending,
  RUNNING,
  STOPPING,
  type ToWorker,
  type WorkerStart,
} from "./protocol.ts";
import type { Callable, Reference } from "./reference.ts";
import { watchFlag } from "./stopFlag.ts";

/** Endings wait no longer than this for others to travel with, in milliseconds. */
const PATIENCE = 1;

const port = parentPort as MessagePort;
const { initializing, shared } = workerData as WorkerStart;
const loop = getRunningLoop();
const functions = new Map<string, Callable>();
const waiting: CallMessage[] = [];
const dropped = new Map<number, CancelledError>();
let endings: Ending[] = [];
let oldestEnding = 0;
/** Also while the initializer runs. */
let working = initializing;
/** The call that runs; without a task while its module is loaded. */
let current: { readonly id: number; task: Task<unknown> | null } | null = null;
let flushing: TimerHandle | null = null;

watchFlag(shared);
port.on("message", hear);
if (!initializing) port.postMessage({ ready: true });

function hear(message: ToWorker): void {
  if ("stop" in message) return stop(message.stop, message.message, message.reason);
  if ("initialize" in message) return void initialize(message.initialize, message.args);
  waiting.push(...message.calls);
  if (!working) void work();
}

async function initialize(reference: Reference, args: readonly unknown[]): Promise<void> {
  try {
    const initializer = await load(reference);
    await createTask(() => initializer(...(args as never[])), { name: "initializer" });
  } catch (error) {
    port.postMessage({ broken: packThrown(error) });
    return;
  }
  port.postMessage({ ready: true });
  void work();
}

function stop(id: number, message: string, reason: unknown): void {
  const error = new CancelledError(message, { reason });
  if (current?.id !== id) {
    if (waiting.some((call) => call.id === id)) dropped.set(id, error);
  } else if (current.task === null) dropped.set(id, error);
  else current.task.cancelWith(error);
}

async function work(): Promise<void> {
  working = true;
  for (let call = waiting.shift(); call !== undefined; call = waiting.shift()) {
    if (Atomics.load(shared, STOPPING) !== 0) readMessages();
    await perform(call);
  }
  working = false;
  flush();
}

/** Reads what was sent meanwhile: it may be about a call that waits here. */
function readMessages(): void {
  for (
    let read = receiveMessageOnPort(port);
    read !== undefined;
    read = receiveMessageOnPort(port)
  ) {
    hear(read.message as ToWorker);
  }
}

async function perform(call: CallMessage): Promise<void> {
  const { id } = call;
  const began = loop.time();
  Atomics.add(shared, BEGUN, 1);
  Atomics.store(shared, RUNNING, id);
  current = { id, task: null };
  try {
    refuseDropped(id);
    const fn = functions.get(keyOf(call.reference)) ?? (await load(call.reference));
    refuseDropped(id);
    current.task = start(fn, call);
    const value = await current.task;
    note({ id, took: loop.time() - began, value });
  } catch (error) {
    note({ id, took: loop.time() - began, thrown: packThrown(error) });
  }
  current = null;
  Atomics.store(shared, RUNNING, 0);
}

/** Throws when the call was asked to stop before it ran. */
function refuseDropped(id: number): void {
  const refused = dropped.get(id);
  if (refused === undefined) return;
  dropped.delete(id);
  throw refused;
}

function start(fn: Callable, { args, chunk, reference, variables }: CallMessage): Task<unknown> {
  const context = new ArrivedContext(variables ?? []);
  const options = { name: reference.name, context, eager: true };
  return createTask(() => (chunk ? each(fn, args) : fn(...(args as never[]))), options);
}

/** The calls of a chunk, one after the other. */
async function each(fn: Callable, items: readonly unknown[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const item of items) results.push(await fn(item as never));
  return results;
}

function note(ending: Ending): void {
  if (endings.length === 0) {
    oldestEnding = loop.time();
    // While the next call awaits; one that does not is looked after in the next `note`.
    flushing = loop.callLater(PATIENCE, flush);
  }
  endings.push(ending);
  if (waiting.length === 0 || loop.time() - oldestEnding >= PATIENCE) flush();
}

function flush(): void {
  if (endings.length === 0) return;
  flushing?.cancel();
  flushing = null;
  const batch = endings;
  endings = [];
  try {
    port.postMessage({ endings: batch });
  } catch {
    for (const ending of batch) sendAlone(ending);
  }
}

function sendAlone(ending: Ending): void {
  try {
    port.postMessage({ endings: [ending] });
  } catch (cause) {
    const { id, took } = ending;
    const path =
      "value" in ending ? pathOfUncloneable(ending.value, "the result") : "what it threw";
    const error = new TypeError(
      `${path} cannot be cloned for the thread that called; return plain data`,
      { cause },
    );
    port.postMessage({ endings: [{ id, took, thrown: packThrown(error) }] });
  }
}

function keyOf({ url, name }: Reference): string {
  return `${url}#${name}`;
}

async function load(reference: Reference): Promise<Callable> {
  const { url, name } = reference;
  let found: unknown = await import(url);
  for (const step of name.split("."))
    found = (found as Record<string, unknown> | undefined)?.[step];
  if (typeof found !== "function") throw new TypeError(`${url} exports no function '${name}'`);
  functions.set(keyOf(reference), found as Callable);
  return found as Callable;
}
