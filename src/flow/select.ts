/*
 * select: one of several waits, and only one (Go's `select`, Kotlin's, tokio's `select!`).
 *
 * Strategy: if a clause is ready now, the first that is wins, and the others are not touched. Otherwise all wait, and
 * the first that completes ends the others in the same instant (`selection.ts`). A function is run as a task, and
 * cancelled and waited for if it loses (`taskSelection.ts`).
 * Unlike `race`, which runs whole functions against each other, a clause that loses has done nothing.
 */
import { expectMilliseconds, outOfRange, wrongType } from "../core/arguments.ts";
import type { Outcome } from "../core/awaitable.ts";
import { cancellable } from "../core/cancellable.ts";
import { Clause, type Selectable } from "../core/clause.ts";
import { Future } from "../core/future.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import { sleep } from "../core/sleep.ts";
import { futureClause } from "./futureClause.ts";
import { type Chosen, type Named, Selection } from "./selection.ts";
import { type Candidate, type GiveBack, TaskSelection } from "./taskSelection.ts";

/** What can be a clause: what has its own, such as a queue; a function, a task, a future, a promise. */
export type Selectables = Selectable<unknown> | (() => unknown) | PromiseLike<unknown>;

/** The clause that happened: its name and the value it gave. */
export type Selected<Clauses> = {
  [Name in keyof Clauses & string]: {
    readonly name: Name;
    readonly value: Clauses[Name] extends Selectable<infer T> ? T : Outcome<Clauses[Name]>;
  };
}[keyof Clauses & string];

/** How `select` chooses. */
export interface SelectOptions<Clauses> {
  /**
   * Which of several that are ready now wins: the first in the order in which they are written (false, the default), or
   * any, in an order that is drawn anew for each call, so that in a loop none starves (true).
   */
  readonly fair?: boolean;
  /** For clauses that are functions: called with the value of one that came to its end although it had lost. */
  readonly giveBack?: {
    readonly [Name in keyof Clauses]?: (value: Outcome<Clauses[Name]>) => void;
  };
}

/**
 * Waits until one of the clauses can happen, and lets that one happen, and no other.
 *
 * A clause is a queue (`get`), the receiver of a channel, the subscription of a broadcast, a watcher (`changed`), an event,
 * a lock, a semaphore, a limiter (`acquire`); `queue.putting(item)` or `sender.sending(item)`; `after(ms)`; a task or
 * future, which goes on if it loses; a promise; or a function, which is run as a task if nothing else is ready, and
 * cancelled and waited for if it loses. **Who loses has taken nothing**: items stay where they were, in their order, locks
 * and permits are not taken.
 *
 * **Cancellation:** nothing has happened; functions are cancelled and waited for. With a clause that is ready, it is no
 * point of cancellation.
 *
 * @param clauses at least one, by name
 * @returns the name of the clause that happened, and its value
 * @throws what the clause that happened throws, such as QueueShutDown
 * @throws RangeError when there are no clauses
 * @throws {@link InvalidStateError} when two clauses could only complete with each other
 *
 * @example
 * ```ts
 * import { after, Event, Queue, select } from "ambit";
 *
 * const jobs = new Queue<string>();
 * const stop = new Event();
 * jobs.putNowait("sweep");
 * const first = await select({ stop, job: jobs, late: after(1000) });
 * first; // => { name: "job", value: "sweep" }
 * const second = await select({ stop, job: jobs, late: after(1) });
 * second.name; // => "late"
 * ```
 */
export async function select<Clauses extends Readonly<Record<string, Selectables>>>(
  clauses: Clauses,
  options: SelectOptions<Clauses> = {},
): Promise<Selected<Clauses>> {
  if (typeof clauses !== "object" || clauses === null)
    throw wrongType("clauses", "an object with a clause under each name", clauses);
  const names = Object.keys(clauses);
  if (names.length === 0) throw outOfRange("clauses", "at least one clause", clauses);
  if (options.fair === true) shuffle(names, getRunningLoop());
  const all = names.map((name): Candidate => candidate(name, clauses[name]));
  const giveBack = (options.giveBack ?? {}) as GiveBack;
  return (await chooseAmong(all, giveBack)) as Selected<Clauses>;
}

/**
 * A clause of `select` that happens after `ms` milliseconds; zero or less: at once, if nothing before it is ready. So
 * `after(0)`, written last, makes a `select` that does not wait.
 *
 * @param ms milliseconds; Infinity for never
 */
export function after(ms: number): Clause<undefined> {
  expectMilliseconds("ms", ms);
  return new Clause(
    () => ms <= 0,
    async () => void (ms > 0 && (await sleep(ms))),
  );
}

function candidate(name: string, what: unknown): Candidate {
  if (typeof what === "function") return { name, clause: null, body: what as () => unknown };
  return { name, clause: clauseOf(name, what), body: () => undefined };
}

function clauseOf(name: string, what: unknown): Clause<unknown> {
  if (typeof what === "object" && what !== null) {
    if ("asClause" in what) return (what as Selectable<unknown>).asClause();
    if (what instanceof Future) return futureClause(what as Future<unknown>);
    if (typeof (what as PromiseLike<unknown>).then === "function")
      return new Clause(
        () => false,
        () => cancellable(what as PromiseLike<unknown>),
      );
  }
  throw wrongType(
    `clauses.${name}`,
    "something to select on, such as a queue, a task or a function",
    what,
  );
}

async function chooseAmong(all: readonly Candidate[], giveBack: GiveBack): Promise<Chosen> {
  for (const { name, clause } of all) {
    if (clause?.ready() === true) return { name, value: await clause.begin() };
  }
  if (all.every(isNamed)) return new Selection().choose(all);
  return new TaskSelection(all, giveBack).decide();
}

function isNamed(each: Candidate): each is Candidate & Named {
  return each.clause !== null;
}

/** Where each loop is in its sequence: repeatable in virtual time, whose loops begin anew. */
const draws = new WeakMap<Loop, number>();

/** A number from 0 up to, not including, `count` (xorshift). */
function draw(loop: Loop, count: number): number {
  let state = draws.get(loop) ?? 0x9e3779b9;
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  draws.set(loop, state);
  return (state >>> 0) % count;
}

function shuffle(names: string[], loop: Loop): void {
  for (let last = names.length - 1; last > 0; last--) {
    const other = draw(loop, last + 1);
    [names[last], names[other]] = [names[other] as string, names[last] as string];
  }
}
