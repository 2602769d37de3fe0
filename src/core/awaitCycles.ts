/*
 * Futures that await each other in a circle: none of them can ever end.
 *
 * Strategy: a depth-first walk from each task to who awaits it; an edge back into the path that led there closes a
 * circle. Each edge is walked once, so a circle is found once. No recursion: a chain of awaits may be thousands long.
 */
import { awaitersOf } from "./awaitedBy.ts";
import type { Future } from "./future.ts";

interface Step {
  readonly future: Future<unknown>;
  readonly awaiters: Future<unknown>[];
}

/** The circles among the tasks and who awaits them, each from one future to itself: `[A, B, A]` where A awaits B. @internal */
export function cyclesAmong(tasks: Iterable<Future<unknown>>): Future<unknown>[][] {
  const walk = new CycleWalk();
  for (const task of tasks) walk.from(task);
  return walk.cycles;
}

class CycleWalk {
  readonly cycles: Future<unknown>[][] = [];
  readonly #seen = new Set<Future<unknown>>();
  readonly #onPath = new Set<Future<unknown>>();
  readonly #path: Step[] = [];

  from(start: Future<unknown>): void {
    this.#enter(start);
    for (let step = this.#path.at(-1); step !== undefined; step = this.#path.at(-1)) {
      const next = step.awaiters.pop();
      if (next === undefined) this.#leave();
      else if (this.#onPath.has(next)) this.#close(next);
      else this.#enter(next);
    }
  }

  #enter(future: Future<unknown>): void {
    if (this.#seen.has(future)) return;
    this.#seen.add(future);
    this.#onPath.add(future);
    this.#path.push({
      future,
      awaiters: awaitersOf(future).map((awaiter) => awaiter.future),
    });
  }

  #leave(): void {
    const step = this.#path.pop();
    if (step !== undefined) this.#onPath.delete(step.future);
  }

  /** The path leads from the awaited to who awaits; a circle is told the other way round. */
  #close(future: Future<unknown>): void {
    const at = this.#path.findIndex((step) => step.future === future);
    const circle = this.#path.slice(at).map((step) => step.future);
    this.cycles.push([future, ...circle.reverse()]);
  }
}
