/*
 * Words of progress on their way from a call to the thread that has its worker.
 *
 * Strategy: within a process they go over a channel that is opened for each: a function that reports often is rare, and a
 * channel that stays open would keep a thread alive. From a process of a pool they go home as its results do.
 * Limits: threads that a process of a pool has made are not heard.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { BroadcastChannel, isMainThread } from "node:worker_threads";
import type { WorkerWord } from "../futures/diagnostics.ts";
import { homeSayer } from "../futures/homeWord.ts";

const NAME = "ambit.distributed.progress";

/** How far a call has come. @internal */
export interface ProgressWord {
  readonly id: string;
  readonly value: unknown;
}

/** @internal */
export function tellProgress(word: ProgressWord): void {
  const say = isMainThread ? homeSayer() : null;
  if (say !== null) return say(NAME, word);
  const channel = new BroadcastChannel(NAME);
  channel.postMessage(word);
  channel.close();
}

/** Hears them, until what it gives is called. @internal */
export function hearProgress(heard: (word: ProgressWord) => void): () => void {
  const onWord = (message: unknown): void => {
    const { name, value } = message as WorkerWord;
    if (name === NAME) heard(value as ProgressWord);
  };
  subscribe("ambit:futures.worker.word", onWord);
  const channel = new BroadcastChannel(NAME);
  channel.addEventListener("message", (event) =>
    heard((event as unknown as { data: ProgressWord }).data),
  );
  (channel as unknown as { unref(): void }).unref();
  return () => {
    unsubscribe("ambit:futures.worker.word", onWord);
    channel.close();
  };
}
