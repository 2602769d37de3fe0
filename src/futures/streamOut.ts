/*
 * In a worker: runs a generator as far as its reader has room, and gives the reader its items.
 *
 * Strategy: by hand, not by `for await`: where a cancel ends the loop, what the generator's clean-up throws must count, as in
 * Python; and the items of a sync generator need no promise each.
 */
import type { WorkerTalk } from "./workerTalk.ts";

type Source = AsyncIterator<unknown> | Iterator<unknown>;

/** @internal */
export async function streamOut(result: unknown, name: string, talk: WorkerTalk): Promise<void> {
  const source = sourceOf(result);
  if (source === undefined) {
    throw new TypeError(
      `stream of '${name}': it gave no iterable; make it a generator, or call it with submit`,
    );
  }
  try {
    await pump(source, talk);
  } finally {
    talk.flushItems();
  }
  talk.mustHaveSent();
}

async function pump(source: Source, talk: WorkerTalk): Promise<void> {
  for (;;) {
    const next = source.next();
    const { done, value } = next instanceof Promise ? await next : next;
    if (done === true) return;
    try {
      talk.give(value);
      if (talk.full) await talk.room();
    } catch (error) {
      await source.return?.();
      throw error;
    }
  }
}

function sourceOf(result: unknown): Source | undefined {
  if (typeof result !== "object" || result === null) return undefined;
  const iterable = result as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  return iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]?.();
}
