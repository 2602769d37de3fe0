// A module that only workers load.
import { appendFileSync } from "node:fs";
import { threadId } from "node:worker_threads";

export class Unloaded extends RangeError {
  /** @override */
  name = "Unloaded";
}

/** @param {string} journal Notes in it which thread has loaded this module. */
export function throwUnloaded(journal) {
  appendFileSync(journal, loadedIn);
  throw new Unloaded("from afar");
}

const loadedIn = `${threadId};`;
