/*
 * What a WebSocket is doing, for who watches many.
 */
import type { Inbox } from "./inbox.ts";
import type { Drain, Outbox } from "./outbox.ts";

/** What a WebSocket is doing; its `statistics` method tells. */
export interface WebSocketStatistics {
  /** Messages that came and were not received, and their bytes. */
  readonly unread: number;
  readonly unreadBytes: number;
  /** True while the peer is held back because of them. */
  readonly paused: boolean;
  /** Bytes that were sent and are not in the kernel's hands yet, and how many senders wait. */
  readonly unsentBytes: number;
  readonly sending: number;
}

/** The parts that are counted. @internal */
export interface Counted {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly raw: Drain;
}

/** @internal */
export function statisticsOf({ inbox, outbox, raw }: Counted): WebSocketStatistics {
  const { size, bytes, paused } = inbox;
  return Object.freeze({
    unread: size,
    unreadBytes: bytes,
    paused,
    unsentBytes: raw.bufferedAmount,
    sending: outbox.waiting,
  });
}
