/*
 * What the files of a run have in common on a worker, such as an HTTP client: one for each manner, made when first asked for.
 *
 * What is not used any more is closed a while later: a run asks for its next file soon, and a worker sees many runs.
 */
import type { TimerHandle } from "../../../core/clock.ts";
import { getRunningLoop } from "../../../core/scope.ts";

/** How long one stays that is not used, in milliseconds. */
const IDLE = 15_000;

interface Kept<V> {
  readonly value: V;
  users: number;
  timer: TimerHandle | null;
}

/** Values by their manner, which is plain data. */
export class IdleShelf<M, V> {
  readonly #make: (manner: M) => V;
  readonly #end: (value: V) => Promise<void>;
  readonly #kept = new Map<string, Kept<V>>();
  readonly #closing = new Set<Promise<void>>();

  constructor(make: (manner: M) => V, end: (value: V) => Promise<void>) {
    this.#make = make;
    this.#end = end;
  }

  /** The one for that manner; see {@link IdleShelf.giveBack}. */
  take(manner: M): V {
    const key = JSON.stringify(manner);
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      kept = { value: this.#make(manner), users: 0, timer: null };
      this.#kept.set(key, kept);
    }
    kept.timer?.cancel();
    kept.timer = null;
    kept.users++;
    return kept.value;
  }

  /** A file is done with it. */
  giveBack(manner: M): void {
    const key = JSON.stringify(manner);
    const kept = this.#kept.get(key);
    if (kept === undefined || --kept.users > 0) return;
    const loop = getRunningLoop();
    kept.timer = loop.schedule(loop.time() + IDLE, () => this.#drop(key, kept), null);
  }

  #drop(key: string, { value, timer }: Kept<V>): void {
    timer?.cancel();
    this.#kept.delete(key);
    const closed = this.#end(value).finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  /** Closes all. */
  async close(): Promise<void> {
    for (const [key, kept] of this.#kept) this.#drop(key, kept);
    await Promise.all(this.#closing);
  }
}
