/*
 * Spans of tasks: from a task's first step to its end, as children of the span that was current where it was created.
 *
 * Strategy: a task inherits the current span with its context variables; in its first step its own span takes that
 * place, in the task's own context. Tasks outside of any recorded trace have none.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { currentTask } from "../core/currentTask.ts";
import type { TaskEvent } from "../core/diagnostics.ts";
import type { Task } from "../core/task.ts";
import { setCurrent } from "./currentSpan.ts";
import type { Span } from "./span.ts";
import type { SpanContext } from "./spanContext.ts";
import { ambientParent, type Tracer } from "./tracer.ts";

/** Which tasks have spans: those that were given a name, all, or none. */
export type TracedTasks = "named" | "all" | "none";

/** @internal */
export interface TaskSpans {
  /** The running task has another span. */
  taken(): void;
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
  const started = (message: unknown): void => {
    const parent = ambientParent();
    // Most tasks are in no trace, so this is asked first. What is suppressed is not sampled.
    if (parent?.sampled !== true) return;
    const task = (message as TaskEvent).task as Task<unknown>;
    const { name } = task;
    if (which === "named" && UNNAMED.test(name)) return;
    if (covering.get(parent) === name || isSeen(task)) return;
    const about = { links: [], attributes: ["ambit.task.name", name], decision: null };
    const span = tracer.start({
      name,
      kind: "internal",
      parent,
      join: false,
      root: false,
      ...about,
    });
    spans.set(task, span);
    setCurrent(span.context);
  };
  const ended = (message: unknown): void => {
    const { task, error } = message as TaskEvent;
    const span = spans.get(task as object);
    if (span === undefined) return;
    if (error !== undefined) span.fail(error);
    span.end();
  };
  subscribe("ambit:task.started", started);
  subscribe("ambit:task.ended", ended);
  return {
    taken: () => {
      const task = currentTask();
      if (task !== null) spans.get(task)?.drop();
    },
    covered: (by, name) => covering.set(by, name),
    stop: () => {
      unsubscribe("ambit:task.started", started);
      unsubscribe("ambit:task.ended", ended);
    },
  };
}

function nobody(): boolean {
  return false;
}

const UNNAMED = /^Task-\d+$/;
