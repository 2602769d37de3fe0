/*
 * Schedules: who of those that are ready runs next.
 *
 * Strategy: the virtual loop asks only where there is a choice, that is where two or more turns are ready; the moments
 * at which it asks are the *points* of a schedule, numbered from 0. A schedule is then a list of numbers, and first come,
 * first served is the list of zeros; what differs from that are its *deviations*. A `Trail` records a run's points.
 * Limits: a schedule fits a program only as long as the program does the same under it; what else it draws on (real
 * files, random numbers, the time of day) is not part of it.
 */
import type { Scope } from "../core/scope.ts";
import { Task } from "../core/task.ts";
import { seededRandom } from "./random.ts";

/** Something that is ready to run. @internal */
export interface Turn {
  run(): void;
  /** Where it goes on; null for a callback. */
  readonly scope: Scope | null;
  /** What it comes from: `sleep`, `start`, `callback`. */
  readonly what: string;
}

/** Picks one of several turns. @internal */
export interface Picker {
  /** The index of the turn to run at the point; there are at least two. */
  pick(ready: readonly Turn[], point: number): number;
}

/** First come, first served. @internal */
export const FIFO: Picker = { pick: () => 0 };

/** At random, the same for the same seed. @internal */
export function seededPicker(seed: number): Picker {
  const random = seededRandom(seed);
  return { pick: (ready) => Math.floor(random() * ready.length) };
}

/** One point of a run. @internal */
export interface Point {
  /** How many were ready. */
  readonly ready: number;
  /** Which of them ran, from 0. */
  readonly take: number;
  /** Who that was. */
  readonly runs: string;
}

/** The points of a run, as its picker decided them. @internal */
export class Trail implements Picker {
  readonly points: Point[] = [];
  readonly #picker: Picker;
  readonly #names: TurnNames;

  constructor(picker: Picker, names: TurnNames) {
    this.#picker = picker;
    this.#names = names;
  }

  pick(ready: readonly Turn[], point: number): number {
    const take = this.#picker.pick(ready, point);
    this.points.push({ ready: ready.length, take, runs: this.#names.of(ready[take] as Turn) });
    return take;
  }
}

/**
 * Names of turns that are the same whenever a program runs again: `Task-17` would be `Task-18` next time, so tasks
 * without a name of their own are numbered within the run.
 * @internal
 */
export class TurnNames {
  readonly #numbers = new WeakMap<Task<unknown>, number>();
  #count = 0;

  /** Numbers the task of a turn, if it is new. */
  see(scope: Scope | null): void {
    const task = taskOf(scope);
    if (task !== null && !this.#numbers.has(task)) this.#numbers.set(task, ++this.#count);
  }

  /** `reader (Queue.get)`. */
  of(turn: Turn): string {
    const task = taskOf(turn.scope);
    if (task === null) return turn.what;
    const name = /^Task-\d+$/.test(task.name)
      ? `task ${this.#numbers.get(task) ?? "?"}`
      : task.name;
    return `${name} (${turn.what})`;
  }
}

function taskOf(scope: Scope | null): Task<unknown> | null {
  const body = scope?.home.body;
  return body instanceof Task ? body : null;
}
