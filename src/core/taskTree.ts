/*
 * The live tree of tasks, as text: who runs, what each waits for, who holds it.
 *
 * Strategy: reads the scopes as they are; nothing is recorded for it. A primitive that can say who holds it has a
 * method under `HOLDERS`; a deadlock report is this tree.
 */
import { inspect } from "node:util";
import { ambientScope, type Scope } from "./scope.ts";
import type { Suspension } from "./suspension.ts";
import { currentTask } from "./currentTask.ts";
import { Task } from "./task.ts";

/** Under this key a primitive tells who holds it: a list of tasks. @internal */
export const HOLDERS: unique symbol = Symbol("ambit.holders");

interface Held {
  [HOLDERS](): readonly (object | null)[];
}

/**
 * The tasks of the current runner as a tree, one line each, with what they wait for. Outside `run`: all tasks.
 *
 * @example
 * ```ts
 * import { createTask, formatTaskTree, run, sleep } from "ambit";
 *
 * const tree = await run(async () => {
 *   createTask(() => sleep(60_000), { name: "napper" });
 *   await sleep(0);
 *   return formatTaskTree();
 * });
 * tree.includes("napper  sleep(60000)"); // => true
 * ```
 */
export function formatTaskTree(): string {
  return formatTreeOf(ambientScope().runner);
}

/** Prints {@link formatTaskTree} to standard error. */
export function printTaskTree(): void {
  process.stderr.write(`${formatTaskTree()}\n`);
}

/** @internal */
export function formatTreeOf(scope: Scope): string {
  const lines = branches(scope, "");
  return lines.length === 0 ? "(no tasks)" : lines.join("\n");
}

function branches(scope: Scope, indent: string): string[] {
  const nodes = nodesUnder(scope);
  return nodes.flatMap((node, index) => {
    const last = index === nodes.length - 1;
    const head = `${indent}${last ? "└─ " : "├─ "}${words(node)}`;
    return [head, ...branches(node, `${indent}${last ? "   " : "│  "}`)];
  });
}

/** The nearest scopes below that are worth a line: those with a body. */
function nodesUnder(scope: Scope): Scope[] {
  return scope.children.flatMap((child) => (child.body === null ? nodesUnder(child) : [child]));
}

function words(scope: Scope): string {
  const { body } = scope;
  if (!(body instanceof Task)) return inspect(body, { depth: 0 });
  const state = scope.cancels > 0 ? " (cancelling)" : "";
  const waits = scope.pendingWaits().map(waitWords);
  return `${body.name}${state}  ${waits.length === 0 ? idleWords(body) : waits.join(", ")}`;
}

function idleWords(task: Task<unknown>): string {
  return task === currentTask() ? "running" : "ready, or awaits something that is not Ambit's";
}

function waitWords(wait: Suspension): string {
  return `${wait.label}${targetWords(wait.target)}${holderWords(wait.target)}`;
}

function targetWords(target: unknown): string {
  if (target === undefined) return "";
  if (target instanceof Task) return `(${target.name})`;
  return `(${inspect(target, { depth: 0, breakLength: Infinity })})`;
}

function holderWords(target: unknown): string {
  if (typeof target !== "object" || target === null || !(HOLDERS in target)) return "";
  const holders = (target as Held)[HOLDERS]();
  if (holders.length === 0) return "";
  const names = holders.map(holderName);
  return ` held by ${names.join(", ")}`;
}

function holderName(holder: object | null): string {
  if (holder === null) return "code outside any task";
  return holder instanceof Task ? holder.name : inspect(holder, { depth: 0 });
}
