/*
 * The error classes of queues and channels.
 *
 * Queues have asyncio's three. Channels keep trio's split: closed by you, broken because nobody is
 * left to receive, the end of what was sent, and what would have to wait.
 */

/** Thrown by `getNowait` on a queue without items (`asyncio.QueueEmpty`). */
export class QueueEmpty extends Error {
  override readonly name = "QueueEmpty";
}

/** Thrown by `putNowait` on a queue that is full (`asyncio.QueueFull`). */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
}

/**
 * Thrown by `put` on a queue that was shut down, and by `get` once it is empty, too
 * (`asyncio.QueueShutDown`).
 */
export class QueueShutDown extends Error {
  override readonly name = "QueueShutDown";
}

/** Thrown by `taskDone` when it is called more often than items were put. */
export class TaskDoneError extends Error {
  override readonly name = "TaskDoneError";
}

/** Thrown by an end of a channel that was closed by its own `close`. */
export class ClosedChannelError extends Error {
  override readonly name = "ClosedChannelError";
}

/** Thrown by `send` when all receivers of the channel are closed. */
export class BrokenChannelError extends Error {
  override readonly name = "BrokenChannelError";
}

/** Thrown by `receive` when all senders of the channel are closed and nothing is left. */
export class EndOfChannel extends Error {
  override readonly name = "EndOfChannel";
}

/** Thrown by `sendNowait` and `receiveNowait` when they would have to wait. */
export class WouldBlock extends Error {
  override readonly name = "WouldBlock";
}

/** Thrown by `receive` on a subscription to a broadcast that was too slow: `missed` items are gone. */
export class LaggedError extends Error {
  override readonly name = "LaggedError";
  /** How many items were missed. */
  readonly missed: number;

  constructor(operation: string, missed: number) {
    super(
      `${operation} on a subscription that was too slow: ${missed} of its items are gone, and the next call goes on ` +
        "with the oldest that is left; give the broadcast more capacity, or subscribe with `onLag`",
    );
    this.missed = missed;
  }
}

/** The error of an operation on a queue that was shut down; `queue` is the queue in words. @internal */
export function shutDownError(operation: string, queue: string): QueueShutDown {
  return new QueueShutDown(`${operation} on a queue that was shut down: ${queue}`);
}
