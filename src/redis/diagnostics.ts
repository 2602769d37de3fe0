/*
 * What happens to commands, as events on node:diagnostics_channel.
 *
 * Channels: `ambit:redis.command.started`, in the caller's task, before a command is sent; `ambit:redis.command.ended`,
 * when its answer has come, or none will. A pipeline and a transaction are one event. Both tell the same object, so that
 * a subscriber may keep on it, under a symbol of its own, what it knows of the command. The fields carry what
 * OpenTelemetry's conventions for database clients ask for; arguments are not told. While nobody listens a command costs
 * two property reads more, and no message is made.
 */
import { channel } from "node:diagnostics_channel";

/** The message of both events of a command. */
export class RedisCommandEvent {
  /** `db.system.name`. */
  readonly system = "redis";
  /** `db.operation.name`: the command in capitals, `PIPELINE` or `MULTI`. */
  readonly operation: string;
  /** `db.operation.batch.size`: how many commands; 1 for a single one. */
  readonly batchSize: number;
  /** `db.namespace`: the number of the database. */
  readonly namespace: string;
  /** `server.address`. */
  readonly address: string;
  /** `server.port`; undefined for a socket of the file system. */
  readonly port: number | undefined;
  /**
   * What it failed with; `db.response.status_code` is its `code`, `error.type` its `name`. A `CancelledError` when a cancel
   * has cut it short on the server.
   */
  error: Error | null = null;
  /** True once it has ended. */
  ended = false;
  /** What subscribers keep. */
  [key: symbol]: unknown;

  /** @internal */
  constructor(operation: string, batchSize: number, server: RedisServerAddress) {
    this.operation = operation;
    this.batchSize = batchSize;
    this.namespace = server.namespace;
    this.address = server.address;
    this.port = server.port;
  }
}

/** Where commands go, as events tell it. @internal */
export interface RedisServerAddress {
  readonly namespace: string;
  readonly address: string;
  readonly port: number | undefined;
}

const commandStarted: ReturnType<typeof channel> = channel("ambit:redis.command.started");
const commandEnded: ReturnType<typeof channel> = channel("ambit:redis.command.ended");

/** Whether anybody listens. @internal */
export function isObserved(): boolean {
  return commandStarted.hasSubscribers || commandEnded.hasSubscribers;
}

/** Tells that a command starts. @internal */
export function tellStarted(
  operation: string,
  batchSize: number,
  server: RedisServerAddress,
): RedisCommandEvent {
  const event = new RedisCommandEvent(operation, batchSize, server);
  commandStarted.publish(event);
  return event;
}

/** Tells that it has ended. @internal */
export function tellEnded(event: RedisCommandEvent, error: Error | null): void {
  event.error = error;
  event.ended = true;
  commandEnded.publish(event);
}
