/*
 * What a watch tells, and the gathering of it.
 *
 * Strategy: a path is told when it has been quiet for a while; one that is never quiet is told now and then. One timer
 * for all, armed for the first that is due.
 */
import type { Loop } from "../core/loop.ts";
import type { TimerHandle } from "../core/clock.ts";

/**
 * Something has changed: look what.
 * `change`: the content or the attributes of what is at `path`.
 * `rename`: it came, or went, or something else is there now.
 * `overflow`: more than could be kept; `path` is what is watched, and anything in it may have changed.
 */
export interface WatchEvent {
  readonly type: "change" | "rename" | "overflow";
  /** What is watched, joined with the name. */
  readonly path: string;
}

/** As often as it must be quiet, a path that is not is told all the same. */
const RESTLESS = 10;

interface Gathered {
  type: "change" | "rename";
  /** When it is told. */
  due: number;
  readonly latest: number;
}

/** @internal */
export class WatchGathering {
  readonly #loop: Loop;
  readonly #quiet: number;
  readonly #deliver: (events: WatchEvent[]) => void;
  readonly #paths = new Map<string, Gathered>();
  #timer: TimerHandle | null = null;

  /** @param quiet milliseconds; 0 tells at once */
  constructor(loop: Loop, quiet: number, deliver: (events: WatchEvent[]) => void) {
    this.#loop = loop;
    this.#quiet = quiet;
    this.#deliver = deliver;
  }

  get size(): number {
    return this.#paths.size;
  }

  add(type: "change" | "rename", path: string): void {
    if (this.#quiet <= 0) return this.#deliver([{ type, path }]);
    const now = this.#loop.time();
    const known = this.#paths.get(path);
    if (known === undefined) {
      const latest = now + RESTLESS * this.#quiet;
      this.#paths.set(path, { type, due: now + this.#quiet, latest });
    } else {
      known.due = Math.min(now + this.#quiet, known.latest);
      if (type === "rename") known.type = type;
    }
    this.#timer ??= this.#loop.schedule(now + this.#quiet, tellDue, this);
  }

  /** Forgets all. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#paths.clear();
  }

  /** Tells all, quiet or not. */
  flush(): void {
    const events = Array.from(this.#paths, ([path, { type }]) => ({ type, path }));
    this.clear();
    this.#deliver(events);
  }

  /** @internal */
  tellDue(): void {
    this.#timer = null;
    const now = this.#loop.time();
    const events: WatchEvent[] = [];
    let next = Infinity;
    for (const [path, { type, due }] of this.#paths) {
      if (due > now) {
        next = Math.min(next, due);
        continue;
      }
      events.push({ type, path });
      this.#paths.delete(path);
    }
    if (next < Infinity) this.#timer = this.#loop.schedule(next, tellDue, this);
    this.#deliver(events);
  }
}

function tellDue(gathering: WatchGathering): void {
  gathering.tellDue();
}
