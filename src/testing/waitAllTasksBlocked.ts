/*
 * waitAllTasksBlocked: until everybody else has got as far as they can.
 *
 * Strategy: in virtual time the loop knows when nothing is ready. A real loop does not: there, tasks are watched through
 * their events, and count as blocked when none of them has moved for the cushion and for two whole turns of the event
 * loop, in which every microtask and every `sleep(0)` had its turn. Tasks are watched only while somebody waits.
 * Limits: on a real loop, a task that works on foreign promises or timers for longer than the cushion counts as blocked.
 */
import { expectMilliseconds } from "../core/arguments.ts";
import type { TaskEvent } from "../core/diagnostics.ts";
import { hearChannels } from "../core/hearChannels.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { Task } from "../core/task.ts";
import { IdleLine } from "./idleLine.ts";
import { VirtualLoop } from "./virtualLoop.ts";

const LABEL = "waitAllTasksBlocked";
const EVENTS = ["created", "started", "waiting", "ended"].map((name) => `ambit:task.${name}`);
/** Whole turns of the event loop without a movement. */
const TURNS = 2;
/** The longest delay that Node's timers take. */
const LONGEST = 2 ** 31 - 1;

/**
 * Waits until every other task is blocked: waits for something, be it time, a lock or the world outside (trio's
 * `wait_all_tasks_blocked`). So a test lets others get as far as they can before it looks, without sleeping.
 *
 * In virtual time it is exact. On a real loop, nothing must have moved for `cushion` milliseconds. Of several callers
 * those with the shortest cushion go on first, all at once; the others then begin to wait anew.
 *
 * **Cancellation:** the wait ends.
 *
 * @param cushion milliseconds of real time without a movement, in virtual time too. Default 0
 * @throws RangeError when `cushion` is NaN
 *
 * @example
 * ```ts
 * import { createTask, Lock } from "ambit";
 * import { runVirtual, waitAllTasksBlocked } from "ambit/testing";
 *
 * const waiting = await runVirtual(async () => {
 *   const lock = new Lock();
 *   using _ = await lock.acquire();
 *   createTask(() => lock.acquire());
 *   await waitAllTasksBlocked();
 *   return lock.statistics().waiting;
 * });
 * waiting; // => 1
 * ```
 */
export async function waitAllTasksBlocked(cushion = 0): Promise<void> {
  expectMilliseconds("cushion", cushion);
  const loop = getRunningLoop();
  if (loop instanceof VirtualLoop) return waitIn(loop.blocked, cushion);
  let watch = watches.get(loop);
  if (watch === undefined) watches.set(loop, (watch = new RealWatch(loop)));
  watch.begin();
  try {
    await waitIn(watch.line, cushion);
  } finally {
    if (watch.line.shortest === Infinity) watch.end();
  }
}

/** Waits in the line with a cushion. @internal */
export function waitIn(line: IdleLine, cushion: number, label: string = LABEL): Promise<void> {
  const join = (wait: Wait<void>): Cleanup<void, IdleLine> => {
    line.join(wait, cushion);
    return leave;
  };
  return suspend<void, IdleLine>(join, line, label);
}

function leave(wait: Wait<void>, line: IdleLine): void {
  line.leave(wait);
}

const watches = new WeakMap<Loop, RealWatch>();

/** Watches the tasks of a real loop. */
class RealWatch {
  readonly line: IdleLine = new IdleLine();
  readonly #loop: Loop;
  readonly #onEvent = (message: unknown): void => this.#moved(message as TaskEvent);
  readonly #onTurn = (): void => this.#look();
  #watching = false;
  #stop: () => void = () => {};
  #turn: NodeJS.Immediate | null = null;
  #timer: NodeJS.Timeout | null = null;
  #quietSince = 0;
  #quietTurns = 0;

  constructor(loop: Loop) {
    this.#loop = loop;
  }

  begin(): void {
    this.#quietTurns = 0;
    if (this.#watching) return;
    this.#watching = true;
    this.#stop = hearChannels(Object.fromEntries(EVENTS.map((event) => [event, this.#onEvent])));
    this.#turn = setImmediate(this.#onTurn);
  }

  end(): void {
    if (!this.#watching) return;
    this.#watching = false;
    if (this.#turn !== null) clearImmediate(this.#turn);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#stop();
  }

  #moved({ task }: TaskEvent): void {
    if (!(task instanceof Task) || task.getLoop() === this.#loop) this.#quietTurns = 0;
  }

  #look(): void {
    const now = performance.now();
    if (this.#quietTurns++ === 0) this.#quietSince = now;
    const { shortest } = this.line;
    const left = shortest - (now - this.#quietSince);
    if (this.#quietTurns > TURNS && left <= 0) this.#wake();
    if (this.#quietTurns <= TURNS || left <= 0) this.#turn = setImmediate(this.#onTurn);
    else this.#timer = setTimeout(this.#onTurn, Math.min(left, LONGEST));
  }

  #wake(): void {
    this.#quietTurns = 0;
    this.line.wake();
  }
}
