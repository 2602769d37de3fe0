/*
 * What a piece of a test run leaves behind: tasks, listeners on the process, timers, servers, sockets, children, workers.
 *
 * Strategy: what is there at the beginning is remembered; what is there at the end and was not before is a leak. Handles
 * close a turn or two after they are asked to, so the check looks again for a while before it complains. Handles are
 * counted by kind, and where Node can point at them also told apart: a new server is found though an old one went.
 * Limits: a test runner has timers of its own; so many as are allowed for are forgiven at the beginning, and at the first
 * look.
 */
import type { ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import type { Worker } from "node:worker_threads";
import { tasksUnder } from "../core/currentTask.ts";
import { hearChannels } from "../core/hearChannels.ts";
import { locationOf } from "../core/location.ts";
import { rootScope } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import { countHandles, describedHandles, type Handle, kindWords } from "./handles.ts";
import { Origins, userFrame } from "./origins.ts";

/** Thrown when something was left behind. */
export class LeakError extends Error {
  override readonly name = "LeakError";
  /** One line for each thing. */
  readonly leaks: readonly string[];

  /** @internal */
  constructor(what: string, leaks: readonly string[], hint: string) {
    super(`left behind by ${what}:\n${leaks.map((leak) => `  ${leak}`).join("\n")}${hint}`);
    this.leaks = leaks;
  }
}

/** How leaks are looked for. */
export interface LeakOptions {
  /** How long what is closing may take, in milliseconds. Default 1000. */
  readonly patience?: number;
  /** How many timers of the test runner's own may come or go meanwhile. Default 1. */
  readonly runnerTimers?: number;
  /** Tells where timers, sockets and processes were made, at the price of a slower run. Default: `AMBIT_DEBUG=1`. */
  readonly origins?: boolean;
}

type Listener = (...args: never[]) => unknown;

/** Besides signals; "exit" and "beforeExit" belong to whoever cleans up. */
const EVENTS = ["unhandledRejection", "uncaughtException", "warning"];
/** Node cannot point at these; only where they were made can be known. */
const UNNAMED: readonly string[] = ["Timeout", "Immediate"];
const LOOK_EVERY = 20;

/** @internal */
export class LeakWatch {
  readonly #patience: number;
  readonly #runnerTimers: number;
  readonly #origins: Origins | null;
  readonly #stop: () => void;
  readonly #workers = new Map<Worker, string>();
  readonly #onWorker = (message: unknown): void =>
    this.#note((message as { worker: Worker }).worker);
  readonly #children = new Map<ChildProcess, string>();
  readonly #onChild = (message: unknown): void =>
    this.#noteChild((message as { process: ChildProcess }).process);
  readonly #tasks: ReadonlySet<Task<unknown>> = new Set(tasksUnder(rootScope));
  readonly #counts: ReadonlyMap<string, number> = countHandles();
  readonly #handles: ReadonlyMap<object, Handle> = describedHandles();
  readonly #listeners: ReadonlyMap<string | symbol, readonly Listener[]> = listeners();

  /** Remembers what is there now. */
  constructor({
    patience = 1000,
    runnerTimers = 1,
    origins = process.env["AMBIT_DEBUG"] === "1",
  }: LeakOptions) {
    this.#patience = patience;
    this.#runnerTimers = runnerTimers;
    this.#origins = origins ? new Origins() : null;
    this.#stop = hearChannels({ worker_threads: this.#onWorker, child_process: this.#onChild });
  }

  /** Node lists no workers among its active resources, but it tells when one is made. */
  #note(worker: Worker): void {
    const place: { stack?: string } = {};
    Error.captureStackTrace(place);
    this.#workers.set(worker, userFrame(place.stack ?? ""));
    worker.once("exit", () => this.#workers.delete(worker));
  }

  /** Nor does it list a child process that does not hold the program. */
  #noteChild(child: ChildProcess): void {
    const place: { stack?: string } = {};
    Error.captureStackTrace(place);
    this.#children.set(child, userFrame(place.stack ?? ""));
    child.once("exit", () => this.#children.delete(child));
  }

  #unheldChildren(): string[] {
    const unheld = [...this.#children].filter(
      ([child]) => child.pid !== undefined && !holds(child),
    );
    return unheld.map(([{ pid }, place]) => `a child process (pid ${pid}), made at ${place}`);
  }

  /** Looks until nothing is left, or patience is at its end; the watch is over then. */
  async check(what: string): Promise<void> {
    this.#stop();
    // The runner itself may have just set a timer, to report the last test: the first look allows for it.
    let leaks = this.#look(this.#runnerTimers);
    const deadline = performance.now() + this.#patience;
    while (leaks.length > 0 && performance.now() < deadline) {
      await delay(LOOK_EVERY);
      leaks = this.#look(0);
    }
    this.#origins?.close();
    if (leaks.length > 0) throw new LeakError(what, leaks, this.#hint());
  }

  #hint(): string {
    if (this.#origins !== null) return "";
    return "\nAMBIT_DEBUG=1 tells where they were made";
  }

  #look(runnerTimers: number): string[] {
    return [
      ...this.#newTasks(),
      ...this.#newListeners(),
      ...this.#newHandles(runnerTimers),
      ...this.#unheldChildren(),
      ...[...this.#workers].map(
        ([{ threadId }, place]) => `a worker thread (${threadId}), made at ${place}`,
      ),
    ];
  }

  #newTasks(): string[] {
    const tasks = tasksUnder(rootScope).filter((task) => !this.#tasks.has(task));
    return tasks.map((task) => {
      const [frame] = task.getCreationStack();
      return frame === undefined
        ? inspect(task)
        : `${inspect(task)}, created at ${String(frame).trim()}`;
    });
  }

  #newListeners(): string[] {
    return [...listeners()].flatMap(([event, now]) => {
      const added = [...now];
      for (const listener of this.#listeners.get(event) ?? []) {
        const at = added.indexOf(listener);
        if (at !== -1) added.splice(at, 1);
      }
      return added.map(
        (listener) => `a listener for "${String(event)}" on process: ${named(listener)}`,
      );
    });
  }

  #newHandles(runnerTimers: number): string[] {
    const fresh = [...describedHandles()].filter(([handle]) => !this.#handles.has(handle));
    return [...countHandles()].flatMap(([kind, count]) => {
      if (this.#origins !== null && UNNAMED.includes(kind))
        return this.#origins.of(kind).map((place) => `${kindWords(kind)}, made at ${place}`);
      const words = fresh
        .filter(([, handle]) => handle.kind === kind)
        .map(([, handle]) => handle.words);
      const more = this.#moreThanBefore(kind, count, runnerTimers);
      for (let left = more - words.length; left > 0; left--) words.push(kindWords(kind));
      return words.map((word, index) => this.#withOrigin(word, kind, index));
    });
  }

  /** The runner may have been about to report something at the beginning: that timer is its own, and gone. */
  #moreThanBefore(kind: string, count: number, runnerTimers: number): number {
    const before = this.#counts.get(kind) ?? 0;
    if (kind !== "Timeout") return count - before;
    return count - runnerTimers - Math.max(0, before - this.#runnerTimers);
  }

  #withOrigin(words: string, kind: string, index: number): string {
    const place = this.#origins?.of(kind).at(-1 - index);
    return place === undefined ? words : `${words}, made at ${place}`;
  }
}

function listeners(): Map<string | symbol, Listener[]> {
  const events = process.eventNames().filter((name) => isWatched(String(name)));
  return new Map(
    events.map((event) => [event, process.rawListeners(event as "SIGINT") as Listener[]]),
  );
}

function isWatched(event: string): boolean {
  return event.startsWith("SIG") || EVENTS.includes(event);
}

function named(listener: Listener): string {
  const place = locationOf(listener);
  return `${listener.name || "(anonymous)"}${place === undefined ? "" : ` at ${place}`}`;
}

/** Whether a child process keeps the program alive; then it is among the handles. */
function holds({ _handle: handle }: ChildProcess & { _handle?: { hasRef(): boolean } }): boolean {
  return handle?.hasRef() ?? false;
}
