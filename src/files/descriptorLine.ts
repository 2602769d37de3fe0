/*
 * Waiting for a descriptor when there is none left (EMFILE, ENFILE).
 *
 * Strategy: who is refused one stands in line, first come, first served; newcomers join the line while there is one. The
 * first of the line tries again when a file of this folder was closed, and every few milliseconds, as nobody tells when
 * another part of the program closes something.
 * The limit is for a line that does not move: a long one may take its time as long as somebody gets on. When nobody has
 * for so long, nobody will, and all who have waited that long get an error. Who can't wait for a long line either has
 * a limit of its own.
 */
import { moveOnAfter } from "../core/cancelScope.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import { timeout } from "../core/timeouts.ts";
import { Event } from "../sync/event.ts";
import { Lock } from "../sync/lock.ts";
import { FileError } from "./errors.ts";

/** Milliseconds without anybody getting on. */
const PATIENCE = 5000;
/** Milliseconds between two attempts. */
const PAUSE = 10;

class DescriptorLine {
  readonly lock = new Lock();
  readonly #loop: Loop;
  readonly #closed = new Event();
  #moved = -Infinity;

  constructor(loop: Loop) {
    this.#loop = loop;
  }

  /** The first of the line tries again. */
  closedOne(): void {
    this.#closed.set();
  }

  async wait<T>(open: () => Promise<T>, patience: number): Promise<T> {
    const came = this.#loop.time();
    return await this.lock.run(async () => {
      for (;;) {
        this.#closed.clear();
        try {
          const opened = await open();
          this.#moved = this.#loop.time();
          return opened;
        } catch (error) {
          if (!isScarcity(error)) throw error;
          if (this.#loop.time() - Math.max(came, this.#moved) >= patience)
            throw tired(error, patience);
        }
        await moveOnAfter(PAUSE, () => this.#closed.wait());
      }
    });
  }
}

const lines = new WeakMap<Loop, DescriptorLine>();

/**
 * Opens something, in turn when descriptors are scarce.
 *
 * **Cancellation:** leaves the line.
 *
 * @param patience milliseconds for which the line may stand still
 * @param longest milliseconds in the line at most
 * @throws what `open` throws; for want of descriptors only when the line stood still for too long
 * @throws TimeoutError after the longest time
 * @internal
 */
export async function inTurn<T>(
  open: () => Promise<T>,
  patience: number = PATIENCE,
  longest = Infinity,
): Promise<T> {
  const loop = getRunningLoop();
  const line = lines.get(loop);
  if (line?.lock.locked() !== true) {
    try {
      return await open();
    } catch (error) {
      if (!isScarcity(error)) throw error;
    }
  }
  const scarce = lines.get(loop) ?? newLine(loop);
  return await timeout(longest, () => scarce.wait(open, patience));
}

/** A descriptor was given back. @internal */
export function descriptorClosed(): void {
  lines.get(getRunningLoop())?.closedOne();
}

function newLine(loop: Loop): DescriptorLine {
  const line = new DescriptorLine(loop);
  lines.set(loop, line);
  return line;
}

/** Whether there was no descriptor left. @internal */
export function isScarcity(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "EMFILE" || code === "ENFILE";
}

/** Says that it was waited, and what can be done. */
function tired(cause: unknown, patience: number): unknown {
  if (!(cause instanceof FileError)) return cause;
  const { operation, path, code } = cause;
  const words = `too many open files, and none was closed for ${patience} ms: close some, or raise the limit (ulimit -n)`;
  return new FileError(words, { operation, path, code }, { cause });
}
