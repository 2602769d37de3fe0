/*
 * Making tasks: `createTask`, and the factory that may take its place.
 *
 * A task hangs under the runner of whoever creates it; a task group spawns under its own scope instead.
 */
import { expectAbortSignal, expectFunction, wrongType } from "./arguments.ts";
import { cancelled } from "./cancellation.ts";
import { Context } from "./context.ts";
import type { Loop } from "./loop.ts";
import { ambientScope, type Scope } from "./scope.ts";
import { Task, type TaskBody, type TaskOptions } from "./task.ts";

/** Makes tasks in the place of `createTask`; `create` is the default way. */
export type TaskFactory = <T>(
  body: TaskBody<T>,
  options: TaskOptions,
  create: typeof createTask,
) => Task<T>;

/** Made when the first factory is set: a look into it is a good part of what a task costs. */
let factories: WeakMap<Loop, TaskFactory> | null = null;

/** Sets what makes the tasks of a loop (`loop.set_task_factory`); null restores the default. */
export function setTaskFactory(loop: Loop, factory: TaskFactory | null): void {
  if (factory === null) return void factories?.delete(loop);
  expectFunction("factory", factory);
  factories ??= new WeakMap();
  factories.set(loop, factory);
}

/** What makes the tasks of a loop; null is the default. */
export function getTaskFactory(loop: Loop): TaskFactory | null {
  return factories?.get(loop) ?? null;
}

/** For `setTaskFactory`: starts every task at once, unless it is made with `eager: false` (`asyncio.eager_task_factory`). */
export const eagerTaskFactory: TaskFactory = (body, options, create) =>
  create(body, { ...options, eager: options.eager ?? true });

const DEFAULTS: TaskOptions = {};

/**
 * Starts a task and returns it at once (`asyncio.create_task`).
 *
 * The body starts on the next turn of the ready queue, in creation order. The task belongs to the runner, not to its
 * creator: cancelling the creator does not cancel it. What must not outlive its creator is spawned in a `taskGroup`.
 * A failure that nobody ever looks at is reported once; it never ends the process.
 *
 * **Cancellation:** `task.cancel()`; see {@link Task}.
 *
 * @throws TypeError when `body` is not a function (a promise has started already and cannot be made a task)
 *
 * @example
 * ```ts
 * import { createTask, sleep } from "ambit";
 *
 * const task = createTask(async () => {
 *   await sleep(1);
 *   return 42;
 * });
 * await task; // => 42
 * ```
 */
export function createTask<T>(body: TaskBody<T>, options: TaskOptions = DEFAULTS): Task<T> {
  const creator = ambientScope();
  return makeTask(creator.runner, body, options, creator);
}

/** Makes a task under `parent`, by the loop's task factory where it has one. @internal */
export function makeTask<T>(
  parent: Scope,
  body: TaskBody<T>,
  options: TaskOptions,
  creator: Scope = ambientScope(),
): Task<T> {
  const factory = factories?.get(parent.loop);
  if (factory === undefined) return spawnUnder(parent, body, options, creator);
  return factory(body, options, (inner, how) => spawnUnder(parent, inner, how ?? DEFAULTS));
}

/** Starts a task whose scope hangs under `parent`. @internal */
export function spawnUnder<T>(
  parent: Scope,
  body: TaskBody<T>,
  options: TaskOptions,
  creator: Scope = ambientScope(),
): Task<T> {
  if (typeof body !== "function") throw notABody(body);
  if (options.signal !== undefined) expectAbortSignal("options.signal", options.signal);
  if (options.context !== undefined && !(options.context instanceof Context)) {
    throw wrongType("options.context", "a Context", options.context);
  }
  const task = new Task(body, parent, creator, options);
  if (parent.ended) task.scope.cancel(cancelled("the run that this task was created in has ended"));
  task.launch(options);
  return task;
}

function notABody(body: unknown): TypeError {
  const error = wrongType("body", "a function", body);
  if (body instanceof Promise)
    error.message += ": pass the function itself, its call has started the work already";
  return error;
}
