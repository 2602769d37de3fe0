/*
 * Which task is running, and which are there: read from the live tree of scopes, recorded nowhere else.
 */
import { ambientScope, type Scope } from "./scope.ts";
import { Task } from "./task.ts";

/** The task that the running code belongs to; null outside any (`asyncio.current_task`). */
export function currentTask(): Task<unknown> | null {
  const { body } = ambientScope().home;
  return body instanceof Task ? body : null;
}

/** All tasks of the current runner that are not done, oldest first (`asyncio.all_tasks`). Outside `run`: all there are. */
export function allTasks(): Task<unknown>[] {
  return tasksUnder(ambientScope().runner);
}

/** @internal */
export function tasksUnder(scope: Scope): Task<unknown>[] {
  const found: Task<unknown>[] = [];
  for (const child of scope.children) {
    // A scope for context variables has the body of its task, too.
    if (child.border === "task" && child.body instanceof Task) found.push(child.body);
    found.push(...tasksUnder(child));
  }
  return found;
}
