/*
 * Words from a worker to the main thread of the program that has its pool, beside results: for upper floors, such as the spans
 * of tracing and the progress of distributed calls.
 *
 * Strategy: from a thread, also of a thread's own pool, they go over a BroadcastChannel of the process; from a process over its
 * pool's pipe, as results do, so what a call has said is at home before its outcome is. There they are told on the channel
 * `ambit:futures.worker.word`.
 * Limits: threads that a process of a pool has made are not heard.
 */
import { BroadcastChannel, isMainThread } from "node:worker_threads";
import { hearChannels } from "../core/hearChannels.ts";
import type { WorkerWord } from "./diagnostics.ts";

type Say = (name: string, value: unknown) => void;

let say: Say | null = null;

/** In a worker, at its start. @internal */
export function sayHomeBy(how: Say): void {
  say = how;
}

const channels = new Map<string, BroadcastChannel>();

/** Of this thread; it keeps nobody alive. */
function channelOf(name: string): BroadcastChannel {
  let channel = channels.get(name);
  if (channel === undefined) {
    channel = new BroadcastChannel(name);
    channel.unref();
    channels.set(name, channel);
  }
  return channel;
}

/** How this thread says something to its program; null in the program's own main thread. @internal */
export function homeSayer(name: string): ((value: unknown) => void) | null {
  if (!isMainThread) return (value) => channelOf(name).postMessage(value);
  const how = say;
  return how === null ? null : (value) => how(name, value);
}

/**
 * Hears what is said under a name, until what it gives is called.
 * @param threads whether also what threads of this process say; it is said to all of it
 * @internal
 */
export function hearHome(
  name: string,
  heard: (value: unknown) => void,
  threads: boolean,
): () => void {
  const onWord = (message: unknown): void => {
    const word = message as WorkerWord;
    if (word.name === name) heard(word.value);
  };
  const stop = hearChannels({ "ambit:futures.worker.word": onWord });
  const channel = threads ? new BroadcastChannel(name) : null;
  if (channel !== null) {
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a listener alone does not start it in Node 20
    channel.onmessage = (event) => heard((event as { data: unknown }).data);
    channel.unref();
  }
  return () => {
    stop();
    channel?.close();
  };
}
