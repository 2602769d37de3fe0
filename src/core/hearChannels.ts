/*
 * Hears what is published on channels of node:diagnostics_channel.
 *
 * Why not `subscribe` alone: what publishes need not be loaded yet. Node.js 20 drops a channel that nobody holds, and when
 * another one of its name is made before that is noticed, it forgets that one in its place: from then on what publishes
 * there has a channel of its own, and who subscribes later never hears of it. So a channel that was heard once is held for
 * good. Node.js 22 and newer look whether there is a new one.
 */
import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";

/** By name; there are some dozens. */
const held = new Map<string, ReturnType<typeof channel>>();

/** Has each function called with what is published on the channel of its name, until what it gives is called. @internal */
export function hearChannels(
  listeners: Readonly<Record<string, (message: unknown) => void>>,
): () => void {
  const all = Object.entries(listeners);
  for (const [name, listener] of all) {
    held.set(name, channel(name));
    subscribe(name, listener);
  }
  return () => {
    for (const [name, listener] of all) unsubscribe(name, listener);
  };
}
