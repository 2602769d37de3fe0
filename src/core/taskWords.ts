/*
 * What `util.inspect` prints of a task, in asyncio's order: state, name, function, what it waits for, outcome, callbacks.
 */
import { futureWords, type Printed } from "./futureWords.ts";
import { functionWords } from "./handle.ts";

interface PrintedTask extends Printed {
  readonly name: string;
  readonly scope: {
    readonly cancels: number;
    pendingWaits(): readonly { readonly label: string }[];
  };
}

/** `shows` is the task's function; only its name, once the task is done. @internal */
export function taskWords(
  task: PrintedTask,
  shows: ((...args: never[]) => unknown) | string,
): string {
  const [state = "", ...rest] = futureWords(task);
  const word = state === "pending" && task.scope.cancels > 0 ? "cancelling" : state;
  const parts = [word, `name='${task.name}'`, bodyWords(shows), waitWords(task), ...rest];
  return `<Task ${parts.filter((part) => part !== "").join(" ")}>`;
}

function bodyWords(shows: ((...args: never[]) => unknown) | string): string {
  if (typeof shows === "function") return `fn=${functionWords(shows)}`;
  return `fn=${shows === "" ? "(anonymous)" : shows}`;
}

function waitWords({ state, scope }: PrintedTask): string {
  if (state !== "pending") return "";
  const labels = scope.pendingWaits().map((wait) => wait.label);
  return labels.length === 0 ? "" : `waitFor=${labels.join(",")}`;
}
