/*
 * WalkAgenda: the folders that a walk has still to read.
 *
 * Strategy: last come, first read, so that a walk goes deep and little is kept; but one that is open is read to its end
 * before another is opened, so that no more are open than readings run. A reading hands over what it found when it is
 * over, together with the entries that it tells: what another reading finds below is told later then. So it has ended
 * only when it is empty and no reading is under way.
 */
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import type { FolderReader } from "./folderReader.ts";
import type { WalkEntry } from "./walkEntry.ts";

type Step = IteratorResult<WalkFolder, undefined>;

const DONE: Step = Object.freeze({ done: true, value: undefined });

/** A folder of a walk. @internal */
export class WalkFolder {
  readonly path: string;
  /** What it was told as; null for the top. */
  readonly entry: WalkEntry | null;
  /** The folder that it was found in. */
  readonly above: WalkFolder | null;
  readonly depth: number;
  reader: FolderReader | null = null;
  /** Which folder it is, however it was reached. */
  identity = "";
  /** Itself, while it is read, and the folders in it that are not complete. */
  open = 1;

  constructor(path: string, entry: WalkEntry | null, above: WalkFolder | null) {
    this.path = path;
    this.entry = entry;
    this.above = above;
    this.depth = above === null ? 0 : above.depth + 1;
    if (above !== null) above.open++;
  }
}

/** @internal */
export class WalkAgenda implements AsyncIterableIterator<WalkFolder, undefined> {
  readonly #folders: WalkFolder[];
  /** Those that are open. */
  readonly #begun: WalkFolder[] = [];
  #readings = 0;
  #asking: Wait<Step> | null = null;

  constructor(top: WalkFolder) {
    this.#folders = [top];
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next folder, for another reading. One who asks at a time. */
  next(): Promise<Step> {
    const step = this.#take();
    if (step !== null) return Promise.resolve(step);
    return suspend<Step, WalkAgenda>(WalkAgenda.#ask, this, "walk");
  }

  /** The next folder, for a reading that goes on; null when there is none now. */
  takeNow(): WalkFolder | null {
    return this.#begun.pop() ?? this.#folders.pop() ?? null;
  }

  /** Whether another reading could begin, and finds no folder. */
  get isWanted(): boolean {
    return this.#asking !== null;
  }

  /** A reading is over, and leaves these folders to all. */
  finish(folders: readonly WalkFolder[]): void {
    for (const folder of folders)
      (folder.reader === null ? this.#folders : this.#begun).push(folder);
    this.#readings--;
    this.#answer();
  }

  #answer(): void {
    const asking = this.#asking;
    if (asking === null) return;
    const step = this.#take();
    if (step === null) return;
    this.#asking = null;
    asking.resolve(step);
  }

  #take(): Step | null {
    const value = this.takeNow();
    if (value === null) return this.#readings === 0 ? DONE : null;
    this.#readings++;
    return { done: false, value };
  }

  static #ask(this: void, wait: Wait<Step>, agenda: WalkAgenda): Cleanup<Step, WalkAgenda> {
    agenda.#asking = wait;
    return WalkAgenda.#leave;
  }

  static #leave(this: void, _: Wait<Step>, agenda: WalkAgenda): void {
    agenda.#asking = null;
  }
}
