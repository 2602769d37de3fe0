/*
 * Whom the signals of a process go to: the process alone, or its whole group.
 *
 * Strategy: libuv reaps a child in the same step in which Node tells of its exit, so as long as no exit was told the pid is
 * this child's and may be signalled. The number of a group is its own as long as it has members; once it was found
 * empty, it is never asked for again, for it may become another's.
 * Limits: between two looks at a group that its leader has left, the number could be given away: the pids would have to go
 * round in that time, and a new leader come upon just this one.
 */
import { constants } from "node:os";
import { outOfRange, wrongType } from "../core/arguments.ts";

/** @internal */
export class Addressee {
  readonly #pid: number;
  readonly #group: boolean;
  /** Whether the process itself runs. */
  #running = true;
  /** Whether members of its group may be left. */
  #groupLeft: boolean;

  /** @param group whether the signals are for the whole group, whose leader the process is */
  constructor(pid: number, group: boolean) {
    this.#pid = pid;
    this.#group = group;
    this.#groupLeft = group;
  }

  /** The process itself has ended. */
  processEnded(): void {
    this.#running = false;
  }

  /** Whether there is anybody to get a signal. */
  get alive(): boolean {
    return this.#running || (this.#groupLeft &&= isGroup(this.#pid));
  }

  /** Sends a signal; false when there is nobody to get it any more. */
  send(signal: NodeJS.Signals | number): boolean {
    expectSignal(signal);
    if (!this.alive) return false;
    try {
      return process.kill(this.#group ? -this.#pid : this.#pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      return false;
    }
  }
}

/** Whether a process group has any member. */
function isGroup(pgid: number): boolean {
  try {
    return process.kill(-pgid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function expectSignal(signal: unknown): void {
  if (typeof signal === "number") {
    if (Number.isInteger(signal) && signal >= 0) return;
  } else if (typeof signal !== "string") {
    throw wrongType("signal", "the name or number of a signal", signal);
  } else if (Object.hasOwn(constants.signals, signal)) return;
  throw outOfRange("signal", "a signal that is known here", signal);
}
