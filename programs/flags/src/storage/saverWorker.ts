/*
 * The thread behind {@link SaverThread}: saves what it is sent, one request after another, and
 * answers each. Saving is synchronous, so "close" is read only when all before it is saved.
 */
import { parentPort, workerData } from "node:worker_threads";

import { FileSaver, type NewFile } from "./fileSaver.ts";
import { StorageError } from "./storageError.ts";

/** Files to be saved together, with a number to answer to. */
export interface SaverRequest {
  readonly id: number;
  readonly files: readonly NewFile[];
}

export interface SaverAnswer {
  readonly id: number;
  readonly error?: { readonly message: string; readonly fatal: boolean };
}

const saver = new FileSaver(workerData as string);

parentPort?.on("message", (message: SaverRequest | "close") => {
  if (message === "close") parentPort?.close();
  else parentPort?.postMessage(answer(message));
});

function answer({ id, files }: SaverRequest): SaverAnswer {
  try {
    saver.save(files);
    return { id };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return { id, error: { message: error.message, fatal: error.fatal } };
  }
}
