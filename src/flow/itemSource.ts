/*
 * Where the items of a mapping come from: an iterable or an async iterable, behind one face.
 *
 * Strategy: a sync iterator answers at once. An async one is asked under a wait of Ambit's, so that
 * a cancel lets go of a `next()` that hangs in foreign code; `close` then calls `return()`, which
 * unblocks such a source, or, for an async generator, waits until its `finally` blocks have run.
 * Limits: a source that failed or ended by itself is not closed, as the iteration protocol says.
 */
import { wrongType } from "../core/arguments.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";

/** What can be mapped. @internal */
export type Items<T> = Iterable<T> | AsyncIterable<T>;

type Pulled<T> = IteratorResult<T, unknown>;

/** Who is told of an item, or of an error. @internal */
export interface Receiver<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** An async iterable's iterator, told apart from a sync one. */
function openAsync<T>(items: Items<T>): AsyncIterator<T> | null {
  return (items as AsyncIterable<T>)[Symbol.asyncIterator]?.() ?? null;
}

/** One iteration over the items. @internal */
export class ItemSource<T> {
  readonly #async: AsyncIterator<T> | null;
  readonly #sync: Iterator<T> | null;
  #ended = false;

  constructor(items: Items<T>) {
    this.#async = openAsync(items);
    this.#sync = this.#async === null ? (items as Iterable<T>)[Symbol.iterator]() : null;
  }

  /** True when {@link ItemSource.pullNow} can be used. */
  get synchronous(): boolean {
    return this.#sync !== null;
  }

  /** True when there are no more items. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next item of a sync source; what it throws ends it. */
  pullNow(): Pulled<T> {
    this.#ended = true;
    const pulled = (this.#sync as Iterator<T>).next();
    this.#ended = pulled.done === true;
    return pulled;
  }

  /** The next item of an async source; what it throws ends it. A cancel lets go of it. */
  pull(): Promise<Pulled<T>> {
    return suspend<Pulled<T>, this>(startPull, this, "mapConcurrent source");
  }

  /**
   * The next item of an async source, for who does not only wait for that.
   *
   * @param wait gets it, or what the source throws
   */
  async pullInto(wait: Receiver<Pulled<T>>): Promise<void> {
    try {
      const pulled = await (this.#async as AsyncIterator<T>).next();
      this.#ended = pulled.done === true;
      wait.resolve(pulled);
    } catch (error) {
      this.#ended = true;
      wait.reject(error);
    }
  }

  /** Tells the source that nothing more is wanted, unless it has ended. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#sync !== null) this.#sync.return?.();
    else await this.#async?.return?.();
  }
}

function startPull<T>(wait: Wait<Pulled<T>>, source: ItemSource<T>): void {
  void source.pullInto(wait);
}

/** @internal */
export function expectItems(name: string, items: unknown): void {
  const candidate = items as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  if (typeof candidate?.[Symbol.asyncIterator] === "function") return;
  if (typeof candidate?.[Symbol.iterator] === "function") return;
  throw wrongType(name, "an iterable or async iterable", items);
}
