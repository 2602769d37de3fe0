/*
 * LongReplies: answers that have no end of their own, and must be told when the server is about to stop.
 *
 * A server that drains waits for what is under way. WebSockets and event streams would make it wait to its deadline, so
 * it tells them to go: a WebSocket starts its closing handshake with 1001, an event stream ends after a hint when to come
 * back. What does not go by itself is cancelled at the deadline like everything else.
 */
import type { Scope } from "../core/scope.ts";

/** An answer that goes when it's told. @internal */
export interface LongReply {
  readonly kind: "webSocket" | "eventStream";
  /** The server is about to stop. In no task; once it has ended, nothing happens. */
  goAway(): void;
}

/** The answers of one run of an application that have no end of their own. @internal */
export class LongReplies {
  readonly #all = new Set<LongReply>();
  readonly #counts = { webSocket: 0, eventStream: 0 };
  #leaving = false;

  /** How many of that kind there are. */
  count(kind: LongReply["kind"]): number {
    return this.#counts[kind];
  }

  /** One that comes while the server goes is told at once. */
  add(reply: LongReply): void {
    this.#all.add(reply);
    this.#counts[reply.kind]++;
    if (this.#leaving) reply.goAway();
  }

  /** It has ended. */
  delete(reply: LongReply): void {
    if (this.#all.delete(reply)) this.#counts[reply.kind]--;
  }

  /** Tells all that are there, and those that still come. */
  goAway(): void {
    this.#leaving = true;
    for (const reply of this.#all) reply.goAway();
  }
}

const ofRuns = new WeakMap<Scope, LongReplies>();

/** Those of the application that runs under that runner: all its requests do. @internal */
export function longRepliesUnder({ runner }: Scope): LongReplies {
  let replies = ofRuns.get(runner);
  if (replies === undefined) ofRuns.set(runner, (replies = new LongReplies()));
  return replies;
}
