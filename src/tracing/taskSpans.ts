/*
 * Spans of tasks: from a task's first step to its end, as children of the span that was current where it was created.
 *
 * Strategy: a task inherits the current span with its context variables; in its first step its own span takes that
 * place, in the task's own context. Tasks outside of any recorded trace have none.
 */
import type { TaskEvent } from "../core/diagnostics.ts";
import { hearChannels } from "../core/hearChannels.ts";
import type { Task } from "../core/task.ts";
import { setCurrent, spanContextIn } from "./currentSpan.ts";
import type { Span } from "./span.ts";
import type { SpanContext } from "./spanContext.ts";
import type { Tracer } from "./tracer.ts";

/** Which tasks have spans: those that were given a name, all, or none. */
export type TracedTasks = "named" | "all" | "none";

/** @internal */
export interface TaskSpans {
  /** The task has another span. */
  taken(task: object): void;
  /** A task of that name, below that span, is what the span is of: it needs none of its own. */
  covered(by: SpanContext, name: string): void;
  stop(): void;
}

/** Has spans made until it is stopped, but for tasks that are seen as something else already. @internal */
export function traceTasks(
  tracer: Tracer,
  which: TracedTasks,
  isSeen: (task: Task<unknown>) => boolean = nobody,
): TaskSpans {
  if (which === "none") return { taken: () => {}, covered: () => {}, stop: () => {} };
  const spans = new WeakMap<object, Span>();
  const covering = new WeakMap<SpanContext, string>();
  let open = 0;
  let stopEnds: (() => void) | null = null;
  const started = (message: unknown): void => {
    const task = (message as TaskEvent).task as Task<unknown>;
    const parent = spanContextIn(task.scope);
    // Most tasks are in no trace, so this is asked first. What is suppressed is not sampled.
    if (parent?.sampled !== true) return;
    const { name } = task;
    if (covering.get(parent) === name || isSeen(task)) return;
    const span = tracer.start({
      name,
      kind: "internal",
      attributes: ["ambit.task.name", name],
      links: [],
      parent,
      decision: null,
      join: false,
      root: false,
    });
    spans.set(task, span);
    open++;
    // Not before: in most servers no task but a request's own has a span, and there are many tasks.
    stopEnds ??= hearChannels({ "ambit:task.ended": ended });
    setCurrent(span.context, task.scope);
  };
  const ended = (message: unknown): void => {
    if (open === 0) return;
    const { task, error } = message as TaskEvent;
    const span = spans.get(task as object);
    if (span === undefined) return;
    open--;
    if (error !== undefined) span.fail(error);
    span.end();
  };
  const channel = which === "named" ? "ambit:task.started.named" : "ambit:task.started";
  const stopStarts = hearChannels({ [channel]: started });
  return {
    taken: (task) => {
      if (open > 0) spans.get(task)?.drop();
    },
    covered: (by, name) => covering.set(by, name),
    stop: () => {
      stopStarts();
      stopEnds?.();
    },
  };
}

function nobody(): boolean {
  return false;
}
