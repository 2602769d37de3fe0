/*
 * Channels: a queue with two kinds of ends, each of which can be cloned and closed (trio's memory
 * channels).
 *
 * Strategy: both ends share one `Passage`, which does the work and counts its open ends: without a
 * sender the channel ends once it is empty, without a receiver it is broken. So each producer can
 * say "I am done" by closing its own clone, which a queue's `shutdown`, one switch for all, cannot
 * say; the consumers' loops end with the last producer.
 * Limits: as with `Queue`, `await receiver.receive()` unwraps an item that is a promise; iterating
 * does not.
 */
import { expectLimit } from "../core/arguments.ts";
import { Passage } from "./passage.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";

/** The two ends of a new channel. */
export interface Channel<T> {
  readonly sender: Sender<T>;
  readonly receiver: Receiver<T>;
}

/**
 * Opens a channel, and gives a sender and a receiver (`trio.open_memory_channel`).
 *
 * Up to `capacity` items are held; with 0, `send` waits until the item is received. Those who wait
 * are served in the order in which they came.
 *
 * @param capacity an integer from 0, or Infinity
 * @throws RangeError when `capacity` is something else
 *
 * @example
 * ```ts
 * import { openChannel, taskGroup } from "ambit";
 *
 * const { sender, receiver } = openChannel<string>(0);
 * const heard: string[] = [];
 * await taskGroup(async (group) => {
 *   group.spawn(async () => {
 *     for await (const word of receiver) heard.push(word);
 *   });
 *   await sender.send("hello");
 *   sender.close();
 * });
 * heard; // => ["hello"]
 * ```
 */
export function openChannel<T>(capacity: number): Channel<T> {
  expectLimit("capacity", capacity, 0);
  const passage = new Passage<T>(capacity);
  return Object.freeze({ sender: new Sender(passage), receiver: new Receiver(passage) });
}
