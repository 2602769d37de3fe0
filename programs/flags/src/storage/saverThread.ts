/*
 * A thread that saves files, and the promise side of it: one wait of Ambit's for each request that was
 * posted and not answered yet. What the thread does is in saverWorker.ts.
 */
import { once } from "node:events";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";

import { protect, suspend, type Wait } from "ambit";

import type { NewFile } from "./fileSaver.ts";
import type { SaverAnswer, SaverRequest } from "./saverWorker.ts";
import { StorageError } from "./storageError.ts";

/**
 * Saves files in a worker thread, in the order in which they are given to it.
 *
 * **Cancellation:** a file that was given to the thread gets saved, and `save` ends only then, so
 * that nothing is written behind the caller's back; the cancel comes after it.
 */
export class SaverThread {
  readonly #worker: Worker;
  readonly #waits = new Map<number, Wait<void>>();
  #last = 0;
  #failure: Error | undefined;

  constructor(folder: string) {
    const entry = createRequire(import.meta.url).resolve("#saver-worker");
    this.#worker = new Worker(entry, { workerData: folder });
    this.#worker.on("message", (answer: SaverAnswer) => this.#settle(answer));
    this.#worker.on("error", (error) => this.#fail(error));
  }

  /** @throws {@link StorageError} when a file cannot be written or named */
  save(files: readonly NewFile[]): Promise<void> {
    return protect(() =>
      suspend<void>((wait) => {
        if (this.#failure) return void wait.reject(this.#failure);
        const id = ++this.#last;
        this.#waits.set(id, wait);
        this.#worker.postMessage({ id, files } satisfies SaverRequest);
      }),
    );
  }

  /** Ends the thread; what was given to it is saved before. */
  async close(): Promise<void> {
    if (this.#failure) return;
    const exit = once(this.#worker, "exit");
    this.#worker.postMessage("close");
    await exit;
  }

  #settle({ id, error }: SaverAnswer): void {
    const wait = this.#waits.get(id);
    this.#waits.delete(id);
    if (error) wait?.reject(new StorageError(error.message, { fatal: error.fatal }));
    else wait?.resolve();
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const wait of this.#waits.values()) wait.reject(error);
    this.#waits.clear();
  }
}
