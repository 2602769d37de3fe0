/*
 * watch: what changes in a folder, as an async iterator.
 *
 * Strategy: the system's own watches (`fs.watch`), one for each folder (`watchedFolders.ts`). What is told of one path
 * while it is not quiet is told once. Too much that nobody has looked at is forgotten, and that is told.
 * A file is watched through its folder: an editor, or `atomicWrite`, puts another file in its place.
 */
import { stat, type Stats } from "node:fs";
import { basename, dirname } from "node:path";
import { expectMilliseconds, wrongType } from "../core/arguments.ts";
import { OUTSIDE } from "../core/outside.ts";
import { getRunningLoop } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { BatchedItems } from "./batchedItems.ts";
import { within } from "./dirEntry.ts";
import type { FileError } from "./errors.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { systemCall } from "./systemCall.ts";
import { WatchedFolders, type WatchListener } from "./watchedFolders.ts";
import { type WatchEvent, WatchGathering } from "./watchEvent.ts";

/** How a folder or file is watched. */
export interface WatchOptions {
  /** With all folders in it, and those that come. Links are not followed. Default false. */
  readonly recursive?: boolean;
  /** Milliseconds that a path must be quiet before it is told; 0 tells at once. Default 50. */
  readonly debounce?: number;
}

/** What changes; leaving its `for await`, or its `await using` block, ends the watching. */
export interface WatchEvents extends AsyncIterableIterator<WatchEvent, undefined>, AsyncDisposable {
  /** Ends the watching. A step that waits ends, done. */
  return(): Promise<IteratorResult<WatchEvent, undefined>>;
}

/**
 * Watches a file or folder, and gives what changes as an async iterator.
 *
 * From when it has returned on, what happens is told: once per path, when that has been quiet for `debounce` ms, or after
 * ten times as long. The iteration ends when the folder itself is gone. An iterator that is not iterated over to its end,
 * or by a `for await`, must be closed by `return()` or `await using`.
 *
 * It cannot promise all: what happens faster than the program looks may be told as one, or by the system not at all; on
 * network file systems changes by others are not seen. So take an event as a hint to look, and after `overflow` look at
 * everything. Virtual time stands still for it, as for everything outside.
 *
 * **Cancellation:** of the scope that called `watch`: ends the watching, at the step that waits. A narrower one, around one
 * step, loses no event; the next step goes on.
 *
 * @throws {@link FileError} `ENOENT`, `EACCES`; `ENOSPC` or `EMFILE` when the system allows no more watches, also later
 * from a step
 *
 * @example
 * ```ts
 * import { atomicWrite, temporaryDirectory, watch } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await using changes = await watch(folder.path);
 * await atomicWrite(`${folder.path}/settings`, "new");
 * for await (const { path } of changes) if (path.endsWith("settings")) break;
 * ```
 */
export async function watch(path: FilePath, options: WatchOptions = {}): Promise<WatchEvents> {
  expectPath("path", path);
  const { recursive = false, debounce = 50 } = options;
  if (typeof recursive !== "boolean")
    throw wrongType("options.recursive", "true or false", recursive);
  expectMilliseconds("options.debounce", debounce);
  const name = pathOf(path);
  const events = new Watching(name, debounce);
  await events.open(recursive);
  return events;
}

/** More events are not kept. */
const MOST_KEPT = 4096;

class Watching extends BatchedItems<WatchEvent> implements WatchEvents, WatchListener {
  protected readonly label: string;
  readonly #path: string;
  readonly #gathering: WatchGathering;
  #folders: WatchedFolders | null = null;
  /** The only path that counts; null for all. */
  #only: string | null = null;
  #events: WatchEvent[] = [];
  #isOverflown = false;
  #isReady = false;
  #isGone = false;
  #failure: FileError | null = null;
  #asking: Wait<void> | null = null;

  constructor(path: string, debounce: number) {
    super(true);
    this.label = `watch '${path}'`;
    this.#path = path;
    this.#gathering = new WatchGathering(getRunningLoop(), debounce, (events) =>
      this.#tell(events),
    );
  }

  /** Begins to listen, and waits until all folders are watched. */
  async open(recursive: boolean): Promise<void> {
    const [top, status] = await this.#find();
    this.#folders = new WatchedFolders(top, status, recursive && this.#only === null, this);
    this.closeWithRun();
    try {
      this.#folders.open();
      while (!this.#isReady) await this.#wait();
      if (this.#failure !== null) throw this.#failure;
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async #find(): Promise<[top: string, status: Stats]> {
    const status = await statusOf(this.#path);
    if (status.isDirectory()) return [this.#path, status];
    const folder = dirname(this.#path);
    this.#only = within(folder, basename(this.#path));
    return [folder, await statusOf(folder)];
  }

  protected async fetch(): Promise<WatchEvent[] | null> {
    for (;;) {
      const events = this.#events;
      this.#events = [];
      this.#isOverflown = false;
      if (events.length > 0) return events;
      if (this.#failure !== null) throw this.#failure;
      if (this.#isGone) return null;
      await this.#wait();
    }
  }

  protected close(): Promise<void> {
    this.#gathering.clear();
    this.#folders?.close();
    return Promise.resolve();
  }

  heard(type: "change" | "rename", path: string): void {
    if (this.#isOverflown || this.#isGone) return;
    if (this.#only !== null && path !== this.#only) return;
    this.#gathering.add(type, this.#only === null ? path : this.#path);
    if (this.#gathering.size + this.#events.length > MOST_KEPT) this.#overflow();
  }

  #overflow(): void {
    this.#isOverflown = true;
    this.#gathering.clear();
    this.#events = [];
    this.#tell([{ type: "overflow", path: this.#path }]);
  }

  #tell(events: WatchEvent[]): void {
    for (const event of events) this.#events.push(event);
    this.#wake();
  }

  gone(): void {
    this.#gathering.flush();
    this.#isGone = true;
    this.#wake();
  }

  failed(error: FileError): void {
    this.#failure ??= error;
    this.#isReady = true;
    this.#wake();
  }

  ready(): void {
    this.#isReady = true;
    this.#wake();
  }

  #wake(): void {
    const asking = this.#asking;
    if (asking === null) return;
    this.#leave();
    asking.resolve();
  }

  #wait(): Promise<void> {
    return suspend<void, Watching>(Watching.#ask, this, "watch");
  }

  static #ask(this: void, wait: Wait<void>, watching: Watching): Cleanup<void, Watching> {
    watching.#asking = wait;
    watching.#folders?.hold(true);
    return Watching.#cancelled;
  }

  static #cancelled(this: void, _: Wait<void>, watching: Watching): void {
    watching.#leave();
  }

  #leave(): void {
    this.#asking = null;
    this.#folders?.hold(false);
  }

  /** Time must pass for what is gathered to be told. @internal */
  [OUTSIDE](): boolean {
    return this.#gathering.size === 0;
  }
}

function statusOf(path: string): Promise<Stats> {
  return systemCall<Stats>("watch", path, (done) => stat(path, done));
}
