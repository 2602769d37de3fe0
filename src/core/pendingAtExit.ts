/*
 * Debug mode: tasks that are pending when the process ends (asyncio: "Task was destroyed but it is pending!").
 *
 * A task outside `run` belongs to nobody: when the event loop is empty, the process ends around it, and its `finally`
 * blocks never run. Inside `run` no task is left; a `run` that cannot end says so itself.
 */
import { frameLines, framesOf, placeField } from "./places.ts";
import { rootScope } from "./scope.ts";
import { Task } from "./task.ts";

/** @internal */
export function reportPendingAtExit(): void {
  if (!rootScope.loop.debug) return;
  for (const { body } of rootScope.children) if (body instanceof Task) report(body);
}

function report(task: Task<unknown>): void {
  const [created, waits] = [framesOf(task), task.getStack()];
  rootScope.loop.callExceptionHandler({
    message: `task '${task.name}' was pending when the process ended: await it, or run it inside run()`,
    task,
    ...placeField("createdAt", created),
    ...placeField("waitedAt", waits),
    details: [...frameLines("it was created", created), ...frameLines("it waits", waits)].join(
      "\n",
    ),
  });
}
