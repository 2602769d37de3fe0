/*
 * FolderWatch: hears of files that change below some folders.
 *
 * Strategy: one watch for each folder, made and taken away as folders come and go: Node's own recursive watch walks
 * through `node_modules` on Linux. What changes together is told together, once it has been quiet for a moment, for an
 * editor writes a file in several steps and a checkout writes many. What a file holds is not looked at.
 * Limits: folders that begin with a dot and `node_modules` are left out, and so is what is below a link to a folder.
 */
import { type Dirent, type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join, relative } from "node:path";
import { sleep } from "../../core/sleep.ts";
import { Event } from "../../sync/event.ts";

/** What is watched. */
export interface WatchedFolder {
  readonly path: string;
  /** Every file counts; else only code does. */
  readonly everyFile: boolean;
  /** With what is below it. */
  readonly deep: boolean;
}

/** How long it has to be quiet, in milliseconds. */
const QUIET = 100;
/** More are not watched: somebody has named the root of a disk. */
const MOST_FOLDERS = 5000;

const CODE = /\.(?:[mc]?[jt]sx?|json|node|wasm)$|^\.env(?:\.|$)/;

/** Hears of files that change below some folders. */
export class FolderWatch implements Disposable {
  readonly #base: string;
  readonly #note: (text: string) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #changed = new Set<string>();
  readonly #stir = new Event();
  #changes = 0;
  #full = false;

  /**
   * @param base what names are told relative to
   * @param note told of a folder that cannot be watched
   */
  constructor(base: string, note: (text: string) => void) {
    this.#base = base;
    this.#note = note;
  }

  /** How many folders are watched. */
  get folders(): number {
    return this.#watchers.size;
  }

  /** Watches one more; again is no harm. */
  add({ path, everyFile, deep }: WatchedFolder): void {
    if (this.#watchers.has(path)) return;
    if (this.#watchers.size >= MOST_FOLDERS) return this.#tooMany(path);
    try {
      const watcher = watch(path, { persistent: false });
      watcher.on("change", (_kind, name) => {
        if (name !== null) this.#heard({ path, everyFile, deep }, String(name));
      });
      watcher.on("error", () => this.#drop(path));
      this.#watchers.set(path, watcher);
    } catch (error) {
      return this.#failed(path, error as NodeJS.ErrnoException);
    }
    if (deep) this.#addBelow(path, everyFile);
  }

  #addBelow(path: string, everyFile: boolean): void {
    for (const entry of entriesOf(path)) {
      if (!entry.isDirectory() || isIgnored(entry.name)) continue;
      this.add({ path: join(path, entry.name), everyFile, deep: true });
    }
  }

  /**
   * The files that have changed since the last call; waits for the next change, and until it is quiet.
   *
   * **Cancellation:** nothing is lost; the next call tells.
   */
  async changes(): Promise<readonly string[]> {
    await this.#stir.wait();
    for (let seen = -1; seen !== this.#changes;) {
      seen = this.#changes;
      await sleep(QUIET);
    }
    this.#stir.clear();
    const files = [...this.#changed].map((file) => relative(this.#base, file) || file);
    this.#changed.clear();
    return files;
  }

  #heard(folder: WatchedFolder, name: string): void {
    const path = join(folder.path, name);
    if (isIgnored(name) && !CODE.test(name)) return;
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) {
      if (folder.deep) this.#appeared(path, folder.everyFile);
      return;
    }
    if (found === undefined && this.#watchers.has(path)) this.#dropBelow(path);
    else if (folder.everyFile || CODE.test(name)) this.#tell(path);
  }

  /** What is in a new folder may have been there before it was watched. */
  #appeared(path: string, everyFile: boolean): void {
    if (this.#watchers.has(path)) return;
    this.add({ path, everyFile, deep: true });
    this.#tellAll(path, everyFile);
  }

  #tellAll(path: string, everyFile: boolean): void {
    for (const entry of entriesOf(path)) {
      const inner = join(path, entry.name);
      if (!entry.isDirectory()) {
        if (everyFile || CODE.test(entry.name)) this.#tell(inner);
      } else if (this.#watchers.has(inner)) {
        this.#tellAll(inner, everyFile);
      }
    }
  }

  #tell(path: string): void {
    this.#changed.add(path);
    this.#changes++;
    this.#stir.set();
  }

  #dropBelow(path: string): void {
    for (const each of this.#watchers.keys())
      if (each === path || each.startsWith(join(path, "/"))) this.#drop(each);
  }

  #drop(path: string): void {
    this.#watchers.get(path)?.close();
    this.#watchers.delete(path);
  }

  #failed(path: string, { code, message }: NodeJS.ErrnoException): void {
    if (code === "ENOENT" || code === "ENOTDIR") return; // It has gone meanwhile.
    const hint =
      code === "ENOSPC" || code === "EMFILE" ? "; the system allows no more watches" : "";
    this.#note(`${relative(this.#base, path) || path} is not watched: ${message}${hint}`);
  }

  #tooMany(path: string): void {
    if (this.#full) return;
    this.#full = true;
    this.#note(
      `${path} and others are not watched: there are more than ${MOST_FOLDERS} folders; name those that matter with --reload-dir`,
    );
  }

  /** Ends the watching. */
  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }
}

function isIgnored(name: string): boolean {
  return name === "node_modules" || name.startsWith(".");
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return []; // It has gone meanwhile, or is not ours to read.
  }
}
