/*
 * A command on its way: what was asked, who waits for the answer, and how it ends.
 *
 * Ends once: by the server's answer, by the end of its connection, or because it took too long. What comes after that is
 * for nobody.
 */
import { INSPECT } from "../core/inspection.ts";
import { OUTSIDE } from "../core/outside.ts";
import type { KnownCommand, ReplyEncoding } from "./commandNames.ts";
import { type RedisCommandEvent, tellEnded } from "./diagnostics.ts";
import { errorOf } from "./replyErrors.ts";

/** What a command of the driver's is made of. @internal */
export interface Sendable {
  readonly command: KnownCommand;
  readonly encoding: ReplyEncoding;
  readonly args: unknown[];
}

/** Who waits for an answer. @internal */
export interface Settler {
  resolve(value: unknown): unknown;
  reject(error: unknown): unknown;
}

/** Where calls are in flight. @internal */
export interface Flight {
  landed(call: Call): void;
  /** What to say of a call whose connection broke. */
  lost(call: Call, error: Error): Error;
}

/** @internal */
export class Call {
  readonly command: KnownCommand;
  readonly encoding: ReplyEncoding;
  readonly args: unknown[];
  readonly flight: Flight;
  settler: Settler | null = null;
  event: RedisCommandEvent | null = null;
  /** Whether it was handed to the connection. */
  sent = false;
  /** When, on the loop's clock; and how many milliseconds its answer may take. */
  sentAt = 0;
  limit: number;
  ended = false;
  /** Its neighbours among those that are in flight. */
  older: Call | null = null;
  newer: Call | null = null;

  constructor(
    flight: Flight,
    command: KnownCommand,
    encoding: ReplyEncoding,
    args: unknown[],
    limit: number,
  ) {
    this.flight = flight;
    this.command = command;
    this.encoding = encoding;
    this.args = args;
    this.limit = limit;
  }

  /** The server has answered. */
  answered(value: unknown): void {
    this.end(null, value);
  }

  /** The server has answered with an error, or the connection has ended: the driver's error. */
  refused(error: unknown): void {
    if (this.ended) return;
    const meant = errorOf(this.command.title, error, this.sent);
    this.end("sent" in meant ? this.flight.lost(this, meant) : meant, undefined);
  }

  end(error: Error | null, value: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.flight.landed(this);
    if (this.event !== null) tellEnded(this.event, error ?? this.cutBy(value));
    this.settle(error, value);
  }

  /** The cancel that such an answer is due to; null when it is a real one. */
  protected cutBy(_value: unknown): Error | null {
    return null;
  }

  protected settle(error: Error | null, value: unknown): void {
    const settler = this.settler as Settler;
    if (error === null) settler.resolve(value);
    else settler.reject(error);
  }

  [OUTSIDE](): boolean {
    return true;
  }

  [INSPECT](): string {
    return `<${this.command.label}>`;
  }
}
