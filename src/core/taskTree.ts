/*
 * The live tree of tasks, as text: who runs, what each waits for, who holds it, who awaits each other in a circle.
 *
 * Strategy: reads the scopes as they are; nothing is recorded for it. The words for a wait are `waitWords.ts`'s. Groups
 * are lines of their own, with their children below; timeouts and shields are said of the waits inside them. Lines are
 * made one after the other, without recursion: a tree may be thousands of scopes deep. What is awaited and runs elsewhere,
 * in a worker of an executor, is asked for its part first, all at once, and then waited for, as a whole no longer than
 * `PATIENCE`: who computes does not answer.
 */
import { inspect } from "node:util";
import { cyclesAmong } from "./awaitCycles.ts";
import { cycleWords } from "./awaitedBy.ts";
import { currentTask } from "./currentTask.ts";
import { type Ink, inkFor, PLAIN, type TextOutput } from "./ink.ts";
import { framesOf } from "./places.ts";
import { ambientScope, Scope } from "./scope.ts";
import { lastWaitOf } from "./steps.ts";
import { picturesOf } from "./pictures.ts";
import { isLimiting, type Patience, type Picture } from "./targets.ts";
import { Task } from "./task.ts";
import { limitsAround, WaitWords } from "./waitWords.ts";

/**
 * The tasks of the current runner as a tree, one line each, with what they wait for. Outside `run`: all tasks.
 *
 * In debug mode with the line of the user's code that waits. Tasks that await each other in a circle are named below
 * it.
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

/** Prints {@link formatTaskTree} to `file`, standard error when left out; in colour on a terminal. */
export function printTaskTree(options: { readonly file?: TextOutput } = {}): void {
  const { file = process.stderr } = options;
  file.write(`${formatTreeOf(ambientScope().runner, inkFor(file))}\n`);
}

/** How long the picture waits for its parts from elsewhere, in milliseconds. @internal */
export const PATIENCE = 100;

interface Branch {
  readonly node: Scope | Picture;
  readonly indent: string;
  readonly isLast: boolean;
}

/** @internal */
export function formatTreeOf(scope: Scope, ink: Ink = PLAIN, patience: number = PATIENCE): string {
  const branches = branchesOf(scope, { left: patience });
  if (branches.length === 0) return "(no tasks)";
  const painter = new NodeWords(ink);
  const lines = branches.flatMap(({ node, indent, isLast }) => {
    if (node instanceof Scope) return `${indent}${isLast ? "└─ " : "├─ "}${painter.of(node)}`;
    const [head = "", ...below] = node.lines();
    const inner = `${indent}${isLast ? "   " : "│  "}`;
    return [`${indent}${isLast ? "└─ " : "├─ "}${head}`, ...below.map((line) => `${inner}${line}`)];
  });
  const tasks = branches.map(({ node }) => (node instanceof Scope ? node.body : null));
  const cycles = cyclesAmong(tasks.filter((body) => body instanceof Task)).map((cycle) =>
    ink.alarm(`cycle: ${cycleWords(cycle)}`),
  );
  return [...lines, ...cycles].join("\n");
}

/** All branches, from the top down; those elsewhere have been asked for when it returns. */
function branchesOf(scope: Scope, patience: Patience): Branch[] {
  const branches: Branch[] = [];
  const open = branchesUnder(scope, "", patience);
  for (let branch = open.pop(); branch !== undefined; branch = open.pop()) {
    const { node, indent, isLast } = branch;
    branches.push(branch);
    if (node instanceof Scope)
      open.push(...branchesUnder(node, `${indent}${isLast ? "   " : "│  "}`, patience));
  }
  return branches;
}

/** The last first: they are taken from the end. */
function branchesUnder(scope: Scope, indent: string, patience: Patience): Branch[] {
  const pictures = scope.body instanceof Task ? picturesOf(scope, patience) : [];
  const nodes = [...pictures, ...nodesUnder(scope)];
  const branches = nodes.map((node, index) => ({
    node,
    indent,
    isLast: index === nodes.length - 1,
  }));
  return branches.reverse();
}

/** The nearest scopes below that are worth a line, oldest first. */
function nodesUnder(scope: Scope): Scope[] {
  const nodes: Scope[] = [];
  const open = scope.children.reverse();
  for (let child = open.pop(); child !== undefined; child = open.pop()) {
    if (isNode(child)) nodes.push(child);
    else open.push(...child.children.reverse());
  }
  return nodes;
}

/** A scope for context variables bears the body of its task, a timeout is said of the waits in it. */
function isNode(scope: Scope): boolean {
  const { body, border } = scope;
  if (body === null || isLimiting(body)) return false;
  return border !== "open" || !(body instanceof Task);
}

class NodeWords {
  readonly #ink: Ink;
  readonly #waits: WaitWords;

  constructor(ink: Ink) {
    this.#ink = ink;
    this.#waits = new WaitWords(ink);
  }

  of(scope: Scope): string {
    const { body } = scope;
    if (body instanceof Task) return this.#taskWords(body);
    return [inspect(body, { depth: 0 }), ...limitsAround(scope.parent ?? scope)].join(", ");
  }

  #taskWords(task: Task<unknown>): string {
    const state = task.cancelling() > 0 ? this.#ink.warning(" (cancelling)") : "";
    const waits = task.scope.pendingWaits().map((wait) => this.#waits.of(wait));
    const what = waits.length === 0 ? this.#idleWords(task) : waits.join(", ");
    return `${this.#ink.name(task.name)}${state}  ${what}`;
  }

  #idleWords(task: Task<unknown>): string {
    if (task === currentTask()) return this.#ink.good("running");
    const last = lastWaitOf(task.scope);
    const [place] = last === undefined ? framesOf(task) : framesOf(last);
    const since = last === undefined ? "created" : `after ${last.label}`;
    const where = place === undefined ? "" : `, ${this.#ink.place(`${since} at ${place.place}`)}`;
    return `ready, or awaits something that is not Ambit's${where}`;
  }
}
