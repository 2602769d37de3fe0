/*
 * Whose turn it is: from the list of items to the jobs that may begin.
 *
 * Strategy: an async iterator that `mapConcurrent` pulls from, one job whenever a lane is free. It
 * hands out a job only if its host has room. One whose host has none is parked, and the list is read
 * on, so that a slow host does not hold up the others; one that is to be tried again waits its pause
 * out here and not in a lane. A list that takes its time for the next item holds up nothing either: it
 * is asked, and what is ready meanwhile goes first. What is parked or pauses is bounded, and so is what is read ahead of
 * what is done: memory does not grow with the list.
 * The end: it says "no more" only when every job it handed out has ended, because any may come again;
 * so it is also the one that knows when what the run holds can be closed.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import type { Items } from "../flow/itemSource.ts";
import { HostLine } from "./hostLine.ts";
import type { DownloadItem } from "./item.ts";
import { ItemFeed } from "./itemFeed.ts";
import { Job } from "./job.ts";
import type { DownloadProgress } from "./progress.ts";

/** How many jobs may be parked or pause, besides as many as are downloaded at a time. */
const WINDOW = 256;

type Pulled = IteratorResult<Job, undefined>;
type Item = DownloadItem | string | URL;

/** Opens and closes what the run holds. @internal */
export interface Holdings {
  open(): void;
  close(): Promise<void>;
  /** A job that was begun, and would have come again, does not. */
  abandon(job: Job): void | Promise<void>;
}

/** @internal */
export class Schedule implements AsyncIterableIterator<Job, undefined> {
  readonly #feed: ItemFeed<Item>;
  readonly #holdings: Holdings;
  readonly #perHost: number;
  readonly #progress: DownloadProgress;
  readonly #window: number;
  readonly #hosts = new Map<string, HostLine>();
  /** Jobs that have a place at their host. */
  readonly #ready: Job[] = [];
  readonly #pauses = new Set<TimerHandle>();
  /** Jobs that were tried and come again: they may have left something on the disk. */
  readonly #tried = new Set<Job>();
  #loop: Loop | null = null;
  /** Jobs that are parked or pause. */
  #held = 0;
  /** Jobs handed out whose work has not ended; and those of them whose work has begun. */
  #out = 0;
  #begun = 0;
  #pulled = 0;
  #state: "new" | "open" | "closed" = "new";
  #wait: Wait<void> | null = null;

  constructor(
    items: Items<Item>,
    holdings: Holdings,
    concurrency: number,
    perHost: number,
    progress: DownloadProgress,
  ) {
    this.#progress = progress;
    this.#feed = new ItemFeed(items, () => this.#wake());
    this.#holdings = holdings;
    this.#perHost = perHost;
    this.#window = concurrency + WINDOW;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Pulled> {
    if (this.#state === "new") this.#open();
    for (;;) {
      const answer = this.#feed.take();
      if (answer !== null) this.#take(answer);
      const job = this.#ready.shift();
      if (job !== undefined) {
        this.#out++;
        return { done: false, value: job };
      }
      if (!this.#feed.busy && this.#held < this.#window) this.#feed.ask();
      else if (this.#feed.ended && this.#held === 0 && this.#out === 0) return this.#end();
      else await suspend<void, this>(holdNext, this, "downloadAll");
    }
  }

  #open(): void {
    this.#state = "open";
    this.#loop = getRunningLoop();
    this.#holdings.open();
  }

  #take(answer: IteratorResult<Item, unknown>): void {
    if (answer.done === true) this.#progress.total = this.#pulled;
    else this.#enter(new Job(answer.value, this.#pulled++), false);
  }

  /** Finds the job its place, at its host or in that host's line. */
  #enter(job: Job, first: boolean): void {
    const host = this.#hostOf(job.origin);
    if (host.hasRoom) {
      host.active++;
      this.#ready.push(job);
    } else {
      host.park(job, first);
      this.#held++;
    }
  }

  #hostOf(origin: string): HostLine {
    let host = this.#hosts.get(origin);
    if (host === undefined) this.#hosts.set(origin, (host = new HostLine(origin, this.#perHost)));
    return host;
  }

  /** A lane takes the job up. */
  begin(job: Job): void {
    this.#begun++;
    this.#tried.delete(job);
  }

  /** A lane is done with the job, for good or until it comes again; its place is free. */
  release(origin: string): void {
    this.#begun--;
    this.#out--;
    const host = this.#hosts.get(origin) as HostLine;
    host.active--;
    this.#drain(host);
  }

  /** The job comes again, after a pause; call it before `release`. */
  again(job: Job, pause: number): void {
    this.#tried.add(job);
    if (pause <= 0) return this.#enterSoon(job);
    this.#held++;
    this.#after(pause, () => {
      this.#held--;
      this.#enterSoon(job);
    });
  }

  #enterSoon(job: Job): void {
    if (this.#state === "closed") return;
    this.#enter(job, true);
    this.#wake();
  }

  /** Nothing is asked of the host for so long. */
  pause(origin: string, ms: number): void {
    const host = this.#hostOf(origin);
    if (!host.pause((this.#loop as Loop).time() + ms)) return;
    this.#after(ms, () => {
      if (host.resume((this.#loop as Loop).time())) this.#drain(host);
    });
  }

  #after(ms: number, then: () => void): void {
    const loop = this.#loop as Loop;
    const run = (): void => {
      this.#pauses.delete(timer);
      then();
    };
    const timer = loop.schedule(loop.time() + ms, call, run);
    this.#pauses.add(timer);
  }

  /** The host may have room now: who is first in its line gets it. */
  #drain(host: HostLine): void {
    while (host.hasRoom) {
      const job = host.unpark();
      if (job === undefined) break;
      this.#held--;
      host.active++;
      this.#ready.push(job);
    }
    if (host.idle) this.#hosts.delete(host.origin);
    this.#wake();
  }

  #wake(): void {
    const wait = this.#wait;
    this.#wait = null;
    wait?.resolve();
  }

  /** @internal */
  hold(wait: Wait<void>): void {
    this.#wait = wait;
  }

  async #end(): Promise<Pulled> {
    await this.#close();
    return { done: true, value: undefined };
  }

  /** The list is not read on; settles when all that has begun has ended and all is closed. */
  async return(): Promise<Pulled> {
    await protect(async () => {
      try {
        if (this.#state === "open") await this.#feed.close();
      } finally {
        await this.#close();
      }
    });
    return { done: true, value: undefined };
  }

  async #close(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "closed";
    for (const timer of this.#pauses) timer.cancel();
    this.#pauses.clear();
    while (this.#begun > 0) await suspend<void, this>(holdNext, this, "downloadAll");
    try {
      for (const job of this.#tried) await this.#holdings.abandon(job);
    } finally {
      await this.#holdings.close();
    }
  }
}

function holdNext(wait: Wait<void>, schedule: Schedule): void {
  schedule.hold(wait);
}

function call(run: () => void): void {
  run();
}
