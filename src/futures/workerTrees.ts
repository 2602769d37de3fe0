/*
 * The task tree of a worker, asked for from its pool: by who can await it, and by who prints a picture now.
 *
 * Strategy: nothing is told unasked. For a picture the thread stands still for some milliseconds, so the answer comes by a
 * way that can be read then: a port of its own, or the file of the marks. A worker that did not answer in time is asked
 * nothing more until it has: who prints again does not wait for it again.
 */
import type { TransferListItem } from "node:worker_threads";
import { getRunningLoop } from "../core/scope.ts";
import type { Patience } from "../core/targets.ts";
import type { ToWorker } from "./protocol.ts";

/** An answer that can be read while the loop stands still. @internal */
export interface TreeLook {
  /** The tree; null when it has not come. */
  read(): string | null;
  close(): void;
}

/** How a worker is asked. @internal */
export interface Asked {
  send(message: ToWorker, moved: readonly TransferListItem[]): void;
  /** Asks for a tree that can be read at once; the worker takes no longer for its parts than `within` ms. */
  look(number: number, within: number): TreeLook;
}

/** How long a worker may take to tell who awaits its tree, in milliseconds. */
const PATIENCE = 200;
/** Between two looks for an answer, in milliseconds. */
const NAP = 1;
let asks = 0;
const NOBODY = new Int32Array(new SharedArrayBuffer(4));

/** @internal */
export class WorkerTrees {
  readonly #worker: Asked;
  /** Who awaits one. */
  readonly #awaited = new Map<number, (text: string) => void>();
  #look: TreeLook | null = null;
  /** Whether the look was not answered in time. */
  #late = false;

  constructor(worker: Asked) {
    this.#worker = worker;
  }

  /** What its tasks wait for; null when it does not answer in time because it computes. */
  wanted(patience: number = PATIENCE): Promise<string | null> {
    const number = ++asks;
    return new Promise((resolve) => {
      const answer = (text: string | null): void => {
        timer.cancel();
        this.#awaited.delete(number);
        resolve(text);
      };
      const timer = getRunningLoop().callLater(patience, () => answer(null));
      this.#awaited.set(number, answer);
      this.#worker.send({ tree: number, look: null }, []);
    });
  }

  heard(number: number, text: string): void {
    this.#awaited.get(number)?.(text);
  }

  /** Asks for a picture, to be read later. */
  ask(patience: Patience): void {
    // What it tells late is how it was then.
    if (this.#late && this.#look?.read() !== null) this.#forget();
    if (this.#look !== null) return;
    this.#look = this.#worker.look(++asks, patience.left / 2);
  }

  /** The tree that was asked for; null when it does not come. The thread stands still meanwhile. */
  read(patience: Patience): string | null {
    for (;;) {
      const text = this.#look?.read() ?? null;
      if (text !== null) {
        this.#forget();
        return text;
      }
      this.#late ||= patience.left <= 0;
      if (this.#late || this.#look === null) return null;
      patience.left -= NAP;
      Atomics.wait(NOBODY, 0, 0, NAP);
    }
  }

  #forget(): void {
    this.#look?.close();
    this.#look = null;
    this.#late = false;
  }

  /** The worker has ended. */
  end(): void {
    this.#forget();
    for (const answer of this.#awaited.values()) answer("(it has ended)");
  }
}

/** A worker, as a list of trees shows it. */
interface Shown {
  readonly name: string;
  /** The name of the function that it runs. */
  readonly runs: string | undefined;
  readonly trees: WorkerTrees;
}

/** The trees of all of them, each below its worker's name. @internal */
export async function treesOf(workers: Iterable<Shown>): Promise<string> {
  const parts = Array.from(workers, async ({ name, runs, trees }) => {
    const tree = await trees.wanted();
    return `${name}\n${tree ?? `└─ ${runs ?? "(starting)"}  computes, and does not answer`}`;
  });
  const trees = await Promise.all(parts);
  return trees.length === 0 ? "(no workers)" : trees.join("\n");
}
