/*
 * Ending a process for good: SIGTERM, a grace period, SIGKILL, and not before it is reaped.
 *
 * Strategy: a task of its own under the run, closed to cancels, and one for all who want the process to end; so it goes
 * on when one of them goes, and the end of the run waits for it.
 * With a group, it is over when the group is empty. That has to be asked for again and again: nobody tells of the end of
 * processes that are not one's children.
 * Limits: an orphan that nobody reaps (in a container whose first process does not) counts as running, and costs the
 * grace period.
 */
import { createTask } from "../core/createTask.ts";
import { moveOnAfter } from "../core/cancelScope.ts";
import { ambientScope } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { sleep } from "../core/sleep.ts";
import type { Task } from "../core/task.ts";

/** What is to be ended. @internal */
export interface Endable {
  /** How its task is named. */
  readonly label: string;
  /** Whether something is left: the process itself, or, with a group, any member. */
  readonly alive: boolean;
  /** How long it may take after SIGTERM, in milliseconds. */
  readonly grace: number;
  sendSignal(signal: NodeJS.Signals): boolean;
  /** Waits until the process itself is reaped; a cancel only ends the wait. */
  untilReaped(): Promise<unknown>;
}

/** How often to look whether a group is empty, in milliseconds: soon at first, then less often. */
const FIRST_LOOK = 2;
const LONGEST_PAUSE = 50;

/** @internal */
export class Ending {
  readonly #target: Endable;
  #task: Task<void> | null = null;

  constructor(target: Endable) {
    this.#target = target;
  }

  /** Ends it, and waits until it has ended. Not a point of cancellation: a cancel that comes meanwhile waits. */
  async run(): Promise<void> {
    if (!this.#target.alive) return;
    if (ambientScope().runner.ended) return void this.#target.sendSignal("SIGKILL");
    this.#task ??= createTask(() => protect(() => end(this.#target)), {
      name: `end of ${this.#target.label}`,
    });
    try {
      await protect(this.#task);
    } finally {
      this.#task = null;
    }
  }
}

async function end(target: Endable): Promise<void> {
  if (target.grace > 0) {
    target.sendSignal("SIGTERM");
    await moveOnAfter(target.grace, () => untilGone(target));
  }
  if (target.alive) target.sendSignal("SIGKILL");
  await target.untilReaped();
}

async function untilGone(target: Endable): Promise<void> {
  await target.untilReaped();
  for (let pause = FIRST_LOOK; target.alive; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    await sleep(pause);
  }
}
