/*
 * A call graph as text: each task with its frames, and below it who awaits it.
 *
 * A future that several others lead to is printed once in full, then by name. A circle is printed as one line.
 */
import { inspect } from "node:util";
import { cycleWords } from "./awaitedBy.ts";
import { type CallGraphOptions, type FutureCallGraph, graphAbove } from "./callGraph.ts";
import type { Future } from "./future.ts";
import { type Ink, inkFor, PLAIN, type TextOutput } from "./ink.ts";
import { Task } from "./task.ts";

/**
 * The call graph of a future, or of the running task, as text (`asyncio.format_call_graph`); empty when there is none.
 *
 * In debug mode with the frames of all who wait, otherwise with those of the running code alone.
 *
 * @throws TypeError when `future` is not a task or future
 *
 * @example
 * ```ts
 * import { createTask, formatCallGraph, sleep } from "ambit";
 *
 * const worker = createTask(() => sleep(10), { name: "worker" });
 * createTask(async () => await worker, { name: "boss" });
 * await sleep(1);
 * formatCallGraph(worker); // => "* task 'worker'\n  + awaited by\n    * task 'boss'"
 * ```
 */
export function formatCallGraph(
  future?: Future<unknown> | null,
  options: CallGraphOptions = {},
): string {
  return textOf(graphAbove(formatCallGraph, future, options), PLAIN);
}

/** Prints {@link formatCallGraph} to `file`, standard error when left out; in colour on a terminal. */
export function printCallGraph(
  future?: Future<unknown> | null,
  options: CallGraphOptions & { readonly file?: TextOutput } = {},
): void {
  const { file = process.stderr } = options;
  const text = textOf(graphAbove(printCallGraph, future, options), inkFor(file));
  if (text !== "") file.write(`${text}\n`);
}

interface Level {
  readonly graph: FutureCallGraph;
  readonly indent: string;
}

function textOf(graph: FutureCallGraph | null, ink: Ink): string {
  if (graph === null) return "";
  const lines: string[] = [];
  const printed = new Set<FutureCallGraph>();
  const open: Level[] = [{ graph, indent: "" }];
  for (let level = open.pop(); level !== undefined; level = open.pop()) {
    const inner = `${level.indent}    `;
    const isNew = !printed.has(level.graph);
    printed.add(level.graph);
    lines.push(...linesOf(level, isNew, ink));
    if (!isNew) continue;
    const below = level.graph.awaitedBy.map((each) => ({ graph: each, indent: inner }));
    open.push(...below.reverse());
  }
  return lines.join("\n");
}

function linesOf({ graph, indent }: Level, isNew: boolean, ink: Ink): string[] {
  if (graph.cycle !== undefined)
    return [`${indent}* ${ink.alarm(`cycle: ${cycleWords(graph.cycle)}`)}`];
  const head = `${indent}* ${ink.name(headWords(graph.future))}`;
  if (!isNew) return [`${head} (see above)`];
  const frames = graph.callStack.map((frame) => `${indent}  |   ${ink.place(frame.toString())}`);
  return [
    head,
    ...(frames.length === 0 ? [] : [`${indent}  + call stack`, ...frames]),
    ...(graph.awaitedBy.length === 0 ? [] : [`${indent}  + awaited by`]),
  ];
}

function headWords(future: Future<unknown>): string {
  return future instanceof Task ? `task '${future.name}'` : inspect(future);
}
