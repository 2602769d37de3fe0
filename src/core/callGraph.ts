/*
 * The call graph of a task: its frames, who awaits it with their frames, and so on (`asyncio.capture_call_graph`).
 *
 * Strategy: reads the live waits (`awaitedBy.ts`); nothing is recorded. A future that is reached by several ways is one
 * node, so the graph is as large as there are futures. A circle of tasks that await each other ends in a node that names
 * it.
 * Limits: the frames of the running code are always known, those at the waits of others in debug mode only.
 */
import { ambientScope } from "./scope.ts";
import { type Awaiter, awaitersOf } from "./awaitedBy.ts";
import { wrongType } from "./arguments.ts";
import { currentTask } from "./currentTask.ts";
import type { FrameCallGraphEntry } from "./frames.ts";
import { Future } from "./future.ts";
import { framesHere, framesOf } from "./places.ts";
import type { Suspension } from "./suspension.ts";
import { Task } from "./task.ts";

/** A future, where it is, and who awaits it. */
export interface FutureCallGraph {
  /** The task or future. */
  readonly future: Future<unknown>;
  /** The frames of the user's code, innermost first; of a task that waits, in debug mode only. */
  readonly callStack: readonly FrameCallGraphEntry[];
  /** Who awaits it; empty where `cycle` is set. */
  readonly awaitedBy: readonly FutureCallGraph[];
  /** Set where the graph comes back to a future that it came from: `[A, B, A]` where A awaits B, and B awaits A. */
  readonly cycle?: readonly Future<unknown>[];
}

/** How much of a call graph is taken. */
export interface CallGraphOptions {
  /** Of the running task: how many calls to leave out, from this one upwards. Default 1: this call itself. */
  readonly depth?: number;
  /**
   * How many frames of each stack are kept: those nearest to the task's body; with a negative number those nearest to
   * the wait; with 0 none. Default: all.
   */
  readonly limit?: number;
}

/**
 * Takes the call graph of a future, or of the running task when none is given (`asyncio.capture_call_graph`).
 *
 * @returns null when there is no running task and no future was given
 * @throws TypeError when `future` is not a task or future
 *
 * @example
 * ```ts
 * import { captureCallGraph, createTask, sleep } from "ambit";
 *
 * const worker = createTask(() => sleep(10), { name: "worker" });
 * createTask(async () => await worker, { name: "boss" });
 * await sleep(1);
 * captureCallGraph(worker)?.awaitedBy.map(({ future }) => String((future as typeof worker).name)); // => ["boss"]
 * ```
 */
export function captureCallGraph(
  future?: Future<unknown> | null,
  options: CallGraphOptions = {},
): FutureCallGraph | null {
  return graphAbove(captureCallGraph, future, options);
}

/** The graph, with frames of the code that called `above`. @internal */
export function graphAbove(
  above: object,
  future: Future<unknown> | null | undefined,
  { depth = 1, limit }: CallGraphOptions,
): FutureCallGraph | null {
  const root = future ?? currentTask();
  if (root === null) return null;
  if (!(root instanceof Future)) throw wrongType("future", "a task or future", root);
  const isRunning = root instanceof Task && ambientScope().home.body === root;
  const frames = isRunning ? framesHere(above).slice(Math.max(0, depth - 1)) : stackAt(root, null);
  return new GraphWalk(limit).from(root, frames);
}

/** The frames at the wait in which a future awaits; all of its waits' where that is not known. */
function stackAt(future: Future<unknown>, wait: Suspension | null): readonly FrameCallGraphEntry[] {
  if (wait !== null) return framesOf(wait);
  return future instanceof Task ? future.getStack() : [];
}

interface Node extends FutureCallGraph {
  readonly awaitedBy: FutureCallGraph[];
}

interface Step {
  readonly node: Node;
  readonly awaiters: Awaiter[];
}

class GraphWalk {
  readonly #limit: number | undefined;
  readonly #nodes = new Map<Future<unknown>, Node>();
  readonly #onPath = new Set<Future<unknown>>();
  readonly #path: Step[] = [];

  constructor(limit: number | undefined) {
    this.#limit = limit;
  }

  /** Depth first, without recursion: a chain of awaits may be thousands long. */
  from(root: Future<unknown>, frames: readonly FrameCallGraphEntry[]): FutureCallGraph {
    const graph = this.#enter(root, frames);
    for (let step = this.#path.at(-1); step !== undefined; step = this.#path.at(-1)) {
      const next = step.awaiters.shift();
      if (next !== undefined) step.node.awaitedBy.push(this.#follow(next));
      else this.#leave();
    }
    return graph;
  }

  #follow({ future, wait }: Awaiter): FutureCallGraph {
    if (this.#onPath.has(future)) return this.#close(future);
    const known = this.#nodes.get(future);
    return known ?? this.#enter(future, stackAt(future, wait));
  }

  #enter(future: Future<unknown>, frames: readonly FrameCallGraphEntry[]): Node {
    const node: Node = { future, callStack: this.#cut(frames), awaitedBy: [] };
    this.#nodes.set(future, node);
    this.#onPath.add(future);
    this.#path.push({ node, awaiters: awaitersOf(future) });
    return node;
  }

  #leave(): void {
    const step = this.#path.pop();
    if (step !== undefined) this.#onPath.delete(step.node.future);
  }

  #close(future: Future<unknown>): FutureCallGraph {
    const at = this.#path.findIndex(({ node }) => node.future === future);
    const circle = this.#path.slice(at).map(({ node }) => node.future);
    return { future, callStack: [], awaitedBy: [], cycle: [future, ...circle.reverse()] };
  }

  /** As CPython cuts: a positive limit keeps the outermost, a negative one the innermost. */
  #cut(frames: readonly FrameCallGraphEntry[]): readonly FrameCallGraphEntry[] {
    const limit = this.#limit;
    if (limit === undefined) return frames;
    if (limit === 0) return [];
    return limit > 0 ? frames.slice(-limit) : frames.slice(0, -limit);
  }
}
