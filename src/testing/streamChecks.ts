/*
 * What every connected pair of streams must do: the checks of `checkStreamPair`, each on a fresh pair.
 *
 * After trio's `check_two_way_stream`. A check throws an error that says what went wrong.
 */
import { isCancelled } from "../core/errors.ts";
import { createTask } from "../core/createTask.ts";
import { sleep } from "../core/sleep.ts";
import { moveOnAfter } from "../core/cancelScope.ts";
import type { Connection } from "../streams/connection.ts";
import { ConcurrentReadError, ConnectionResetError } from "../streams/errors.ts";

/** Two connected streams. */
export type StreamPair = readonly [Connection, Connection];

type Check = (left: Connection, right: Connection) => Promise<void>;

/** How long a writer must be held back for it to count, in milliseconds. */
const HELD_BACK = 50;
const BIG = 4 * 1024 * 1024;

/** By name; those that treat the two sides differently are run both ways. @internal */
export const CHECKS: Readonly<Record<string, Check>> = {
  "bytes arrive whole and in order": async (left, right) => {
    left.writer.writelines(["one ", "two ", "three"]);
    equal(String(await right.reader.readexactly(13)), "one two three", "what was read");
    right.writer.write("back");
    equal(String(await left.reader.readexactly(4)), "back", "what was read");
  },
  "a read gives no more than it was asked for, and keeps the rest": async (left, right) => {
    left.writer.write("abcdef");
    equal(String(await right.reader.readexactly(2)), "ab", "the first two bytes");
    equal((await right.reader.read(1)).length, 1, "the length of read(1)");
    equal(String(await right.reader.readexactly(3)), "def", "the last three bytes");
  },
  "an empty write is no end": async (left, right) => {
    left.writer.write("");
    left.writer.write("x");
    equal(String(await right.reader.readexactly(1)), "x", "what was read");
  },
  "large transfers in both directions at once arrive whole": async (left, right) => {
    const bytes = Buffer.alloc(BIG, "0123456789abcdef");
    const send = async ({ writer }: Connection): Promise<void> => {
      for (let at = 0; at < BIG; at += 65_536) {
        writer.write(bytes.subarray(at, at + 65_536));
        await writer.drain();
      }
    };
    const sending = [createTask(() => send(left)), createTask(() => send(right))];
    const received = await Promise.all([left, right].map(({ reader }) => reader.readexactly(BIG)));
    await Promise.all(sending);
    for (const each of received) if (!each.equals(bytes)) throw new Error("bytes have changed");
  },
  "a writer whose peer does not read is held back, and goes on when it reads": async (
    left,
    right,
  ) => {
    let written = 0;
    const flood = createTask(async () => {
      for (; written < 2 * BIG; written += 65_536) {
        left.writer.write(Buffer.alloc(65_536));
        await left.writer.drain();
      }
    });
    await sleep(HELD_BACK);
    if (flood.done()) throw new Error(`drain let ${written} bytes through, though nobody reads`);
    equal((await right.reader.readexactly(2 * BIG)).length, 2 * BIG, "the bytes that arrived");
    await flood;
  },
  "a cancelled read has taken nothing": async (left, right) => {
    const { cancelledCaught } = await moveOnAfter(5, () => right.reader.readexactly(4));
    equal(cancelledCaught, true, "whether the read was cancelled");
    left.writer.write("ab");
    await moveOnAfter(5, () => right.reader.readexactly(4));
    left.writer.write("cd");
    equal(String(await right.reader.readexactly(4)), "abcd", "what was read after the cancels");
  },
  "two reads at once are refused": async (left, right) => {
    const first = createTask(() => right.reader.readexactly(1));
    await sleep(0);
    await throws(right.reader.read(1), ConcurrentReadError, "the second read");
    left.writer.write("x");
    equal(String(await first), "x", "the first read");
  },
  "writeEof ends one direction and leaves the other open": async (left, right) => {
    if (!left.writer.canWriteEof()) return;
    left.writer.write("last");
    left.writer.writeEof();
    equal(String(await right.reader.read()), "last", "what came before the end");
    equal((await right.reader.read(1)).length, 0, "a read after the end");
    right.writer.write("answer");
    right.writer.close();
    equal(String(await left.reader.read()), "answer", "what came the other way");
  },
  "close sends what was written; the peer reads it, then the end": async (left, right) => {
    left.writer.write(Buffer.alloc(BIG));
    left.writer.close();
    left.writer.close();
    equal(left.writer.isClosing(), true, "isClosing()");
    equal((await right.reader.read()).length, BIG, "the bytes that arrived");
    equal(right.reader.atEof(), true, "atEof()");
    await left.writer.waitClosed();
    await throws(left.writer.drain(), ConnectionResetError, "drain after close");
  },
  "abort ends the waits of its own side": async (left, right) => {
    const reading = createTask(() => left.reader.read());
    await sleep(0);
    left.writer.transport.abort();
    await settled(reading, "a read");
    await settled(left.writer.waitClosed(), "waitClosed");
    await settled(right.reader.read(), "a read of the peer");
  },
};

function equal(actual: unknown, expected: unknown, what: string): void {
  if (actual === expected) return;
  throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

async function throws(
  work: PromiseLike<unknown>,
  kind: abstract new (...args: never[]) => Error,
  what: string,
): Promise<void> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof kind))
    throw new Error(`${what}: expected a ${kind.name}, got ${String(error)}`);
}

/** It ends, with whatever but a cancel. */
async function settled(work: PromiseLike<unknown>, what: string): Promise<void> {
  await work.then(null, (error: unknown) => {
    if (isCancelled(error))
      throw new Error(`${what}: expected it to end by itself`, { cause: error });
  });
}
