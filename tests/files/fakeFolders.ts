/**
 * Folders that are not there, for tests of the order in which the system answers: `node:fs` opens and reads them as if
 * they were, but each answer waits until the test lets it go.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

/** A folder, by the names of what is in it; files are null. */
export interface FakeFolder {
  readonly [name: string]: FakeFolder | null;
}

type Answer = (...values: unknown[]) => void;

export class FakeFolders {
  readonly #top: string;
  readonly #folders = new Map<string, FakeFolder>();
  readonly #held: Answer[] = [];
  /** How many are open. */
  open = 0;
  /** The most that ever were. */
  mostOpen = 0;

  constructor(top: string, folder: FakeFolder) {
    this.#top = top;
    this.#add(top, folder);
  }

  #add(path: string, folder: FakeFolder): void {
    this.#folders.set(path, folder);
    for (const [name, inner] of Object.entries(folder))
      if (inner !== null) this.#add(join(path, name), inner);
  }

  /**
   * Does something while these folders are there.
   *
   * @param choose which of so many answers comes next; asked when all that can happen without one has happened
   */
  async within<T>(work: () => Promise<T>, choose: (count: number) => number): Promise<T> {
    const real = { stat: fs.stat, readdir: fs.readdir, opendir: fs.opendir };
    type Done = (error: null, value: unknown) => void;
    const held = (call: keyof typeof real, answer: (path: string) => unknown): void => {
      const fake = (path: string, ...rest: unknown[]): void => {
        if (!path.startsWith(this.#top)) return (real[call] as Answer)(path, ...rest);
        const done = rest.at(-1) as Done;
        this.#held.push(() => done(null, answer(path)));
      };
      fs[call] = fake as never;
    };
    held("stat", (path) => ({ size: this.#entries(path).length > 100 ? 1e6 : 4096 }));
    held("readdir", (path) => this.#dirents(path));
    held("opendir", (path) => this.#opened(path));
    syncBuiltinESMExports();
    try {
      return await this.#answering(work, choose);
    } finally {
      Object.assign(fs, real);
      syncBuiltinESMExports();
    }
  }

  async #answering<T>(work: () => Promise<T>, choose: (count: number) => number): Promise<T> {
    let over = false;
    const result = work().finally(() => (over = true));
    result.catch(() => {});
    for (;;) {
      await new Promise((done) => void setImmediate(done));
      if (over) return await result;
      const [answer] = this.#held.splice(choose(this.#held.length), 1);
      answer?.();
    }
  }

  #entries(path: string): [name: string, inner: FakeFolder | null][] {
    return Object.entries(this.#folders.get(path) ?? {});
  }

  #dirents(path: string): object[] {
    return this.#entries(path).map(([name, inner]) => direntOf(name, inner !== null));
  }

  /** What Node's `Dir` is to those who read it. */
  #opened(path: string): object {
    this.open++;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    const entries = this.#dirents(path);
    const next = (): object | null => entries.shift() ?? null;
    return {
      read: (done: (error: null, entry: object | null) => void) =>
        void this.#held.push(() => done(null, next())),
      readSync: next,
      closeSync: () => void this.open--,
    };
  }
}

function direntOf(name: string, isFolder: boolean): object {
  return {
    name,
    isFile: () => !isFolder,
    isDirectory: () => isFolder,
    isSymbolicLink: () => false,
  };
}
