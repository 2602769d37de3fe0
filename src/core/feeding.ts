/*
 * Who feeds what: for a report on a deadlock, the counterpart of who holds what.
 *
 * The problem: a task that waits for an item waits for somebody in particular, but nothing says for whom. Strategy: where
 * notes are taken, primitives remember who put, set, notified or released before: whoever did it may be expected to do it
 * again. Production takes no notes and pays one property read; only loops of tests ask for them.
 * Limits: the last few feeders of each kind are kept; a feeder that has not fed yet is unknown.
 */
import { ambient } from "./scope.ts";

/** Where notes are taken at all; once a loop has asked for them, it stays true. @internal */
export const feeding: { noted: boolean } = { noted: false };

/** What can be done to a primitive that somebody else waits for. @internal */
export type Feed =
  | "put"
  | "take"
  | "finish"
  | "set"
  | "notify"
  | "release"
  | "send"
  | "receive"
  | "arrive";

/** Under this key an end of a channel tells the object under which its feeders are noted. @internal */
export const FED_THROUGH: unique symbol = Symbol("ambit.fedThrough");

const KEPT = 8;

/** Null is code outside any task. */
type Feeder = object | null;

const notes = new WeakMap<object, Map<Feed, Set<Feeder>>>();

/** Notes that the running task does this to the target; only while {@link feeding} is noted. @internal */
export function noteFeed(target: object, feed: Feed): void {
  const scope = ambient.getStore();
  if (scope?.loop.keepsNotes !== true) return;
  let feeds = notes.get(target);
  if (feeds === undefined) notes.set(target, (feeds = new Map()));
  let feeders = feeds.get(feed);
  if (feeders === undefined) feeds.set(feed, (feeders = new Set()));
  const feeder = scope.home.body;
  feeders.delete(feeder);
  feeders.add(feeder);
  if (feeders.size > KEPT) feeders.delete(feeders.values().next().value as Feeder);
}

/** Who has done this to the target, the latest last. @internal */
export function feedersOf(target: object, feed: Feed): readonly Feeder[] {
  const through = (target as { [FED_THROUGH]?: object })[FED_THROUGH] ?? target;
  return [...(notes.get(through)?.get(feed) ?? [])];
}
