/*
 * Consumers of a group: entries of a stream, each handed to one of the group, until it is acknowledged.
 *
 * Strategy: first what this consumer was handed before and has not acknowledged (a process that was killed goes on with
 * its own), then what is new. When a connection breaks, its last answer may be lost, though the server counts those
 * entries as handed out: so the consumer asks for its own again, and leaves out what it has in hand. What others left
 * lying for too long it may take over.
 * Limits: at least once, as every group: who dies between the work and `ack` has done it, and it is done again.
 */
import { expectInteger, expectMilliseconds, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { getRunningLoop } from "../core/scope.ts";
import { commandNamed } from "./commandNames.ts";
import { RedisReplyError } from "./errors.ts";
import { GroupEntry, type RedisGroupEntry } from "./groupEntry.ts";
import { type RawEntry, type RawStreams, type Sender, sendOver } from "./streamEntry.ts";

/** How a group consumes a stream. */
export interface ConsumeOptions {
  /** The name of this consumer within the group: the same after a restart, another for each process. */
  readonly consumer: string;
  /** Where the group begins if it is not there yet: `"0"` (default) for all that is there, `"$"` for what is new. */
  readonly from?: string;
  /** How many entries the server hands out at a time, an integer of at least 1. Default 10. */
  readonly count?: number;
  /** For how many milliseconds one read blocks before it is repeated, an integer of at least 1. Default 5000. */
  readonly block?: number;
  /**
   * Takes over what another consumer was handed and has not acknowledged for so many milliseconds; Infinity (default)
   * for never.
   */
  readonly claimIdle?: number;
}

/**
 * The entries of a stream that a group hands to one consumer: `redis.consumeStream` makes it. Acknowledge each.
 *
 * **Cancellation:** a cancelled `next` has taken no entry. What was handed out and not acknowledged is there for the next
 * consumer of this name.
 */
export class RedisGroupConsumer implements AsyncIterableIterator<RedisGroupEntry> {
  readonly #sender: Sender;
  readonly #stream: string;
  readonly #group: string;
  readonly #options: Required<ConsumeOptions>;
  /** What is in hand, or waits here: handed out and not acknowledged. */
  readonly #unacknowledged = new Set<string>();
  #entries: GroupEntry[] = [];
  #at = 0;
  #exists = false;
  /** After which of its own to go on; null when it has all of them, and reads what is new. */
  #own: string | null = "0";
  #nextClaim = -Infinity;
  #claimCursor = "0-0";
  #ended = false;

  /** @internal */
  constructor(sender: Sender, stream: unknown, group: unknown, options: ConsumeOptions) {
    this.#sender = sender;
    this.#stream = expectName("stream", stream);
    this.#group = expectName("group", group);
    const { consumer, from = "0", count = 10, block = 5000, claimIdle = Infinity } = options;
    this.#options = {
      consumer: expectName("options.consumer", consumer),
      from,
      count,
      block,
      claimIdle,
    };
    expectInteger("options.count", count, 1);
    expectInteger("options.block", block, 1);
    expectMilliseconds("options.claimIdle", claimIdle);
  }

  /** How many entries were handed out and not acknowledged. */
  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  /**
   * The next entry, waited for.
   * @throws {@link RedisConnectionError} when the connection is lost and no new one is to be had within `connectTimeout`;
   *   another call goes on where this one was
   */
  async next(): Promise<IteratorResult<RedisGroupEntry>> {
    while (this.#at === this.#entries.length && !this.#ended) await this.#read();
    if (this.#ended) return { done: true, value: undefined };
    return { done: false, value: this.#entries[this.#at++] as GroupEntry };
  }

  async #read(): Promise<void> {
    if (!this.#exists) await this.#create();
    if (this.#own !== null) await this.#readOwn(this.#own);
    else if (this.#claimIsDue()) await this.#claim();
    else await this.#readNew();
  }

  async #create(): Promise<void> {
    const { from } = this.#options;
    try {
      const args = ["CREATE", this.#stream, this.#group, from, "MKSTREAM"];
      await this.#sender.send(commandNamed("xgroup"), "utf8", args);
    } catch (error) {
      if (!(error instanceof RedisReplyError) || error.code !== "BUSYGROUP") throw error;
    }
    this.#exists = true;
  }

  /** What this consumer was handed before. */
  async #readOwn(after: string): Promise<void> {
    const entries = await this.#readGroup([], after);
    if (entries === null) return;
    const last = entries.at(-1);
    this.#own = last === undefined ? null : last[0];
    await this.#take(entries);
  }

  async #readNew(): Promise<void> {
    const entries = await this.#readGroup(["BLOCK", this.#patience()], ">");
    if (entries !== null) await this.#take(entries);
  }

  /** For how long a read may block: not beyond the time to look for what others left lying. */
  #patience(): number {
    const { block, claimIdle } = this.#options;
    return claimIdle === Infinity ? block : Math.max(1, Math.min(block, Math.ceil(claimIdle / 2)));
  }

  async #readGroup(options: readonly unknown[], id: string): Promise<readonly RawEntry[] | null> {
    const { consumer, count } = this.#options;
    const group = ["GROUP", this.#group, consumer, "COUNT", count];
    const args = [...group, ...options, "STREAMS", this.#stream, id];
    try {
      const { broken, value } = await sendOver(this.#sender, "xreadgroup", args);
      if (!broken) return (value as RawStreams)?.[0]?.[1] ?? [];
      this.#own = "0";
    } catch (error) {
      this.#suspect(error);
      throw error;
    }
    return null;
  }

  /** Whatever has happened, what the server has handed out may not have come. */
  #suspect(error: unknown): void {
    this.#own = "0";
    if (error instanceof RedisReplyError && error.code === "NOGROUP") this.#exists = false;
  }

  #claimIsDue(): boolean {
    return this.#options.claimIdle !== Infinity && getRunningLoop().time() >= this.#nextClaim;
  }

  /** Takes over what others left lying. */
  async #claim(): Promise<void> {
    const { claimIdle, consumer, count } = this.#options;
    const who = [this.#stream, this.#group, consumer, Math.ceil(claimIdle)];
    const args = [...who, this.#claimCursor, "COUNT", count];
    const { broken, value } = await sendOver(this.#sender, "xautoclaim", args);
    if (broken) {
      this.#own = "0";
      return;
    }
    const [cursor, entries] = value as [string, readonly RawEntry[]];
    this.#claimCursor = cursor;
    if (cursor === "0-0") this.#nextClaim = getRunningLoop().time() + claimIdle / 2;
    await this.#take(entries);
  }

  async #take(raw: readonly RawEntry[]): Promise<void> {
    const entries: GroupEntry[] = [];
    const gone: string[] = [];
    for (const [id, values] of raw) {
      if (this.#unacknowledged.has(id)) continue;
      if (values === null) gone.push(id);
      else {
        this.#unacknowledged.add(id);
        entries.push(new GroupEntry(this.#stream, id, values, this));
      }
    }
    this.#entries = entries;
    this.#at = 0;
    // Of what was deleted meanwhile nobody can make anything.
    if (gone.length > 0) await this.#acknowledge(gone);
  }

  /** @internal */
  async ack(id: string): Promise<boolean> {
    const acknowledged = await this.#acknowledge([id]);
    this.#unacknowledged.delete(id);
    return acknowledged === 1;
  }

  #acknowledge(ids: readonly string[]): Promise<unknown> {
    return this.#sender.send(commandNamed("xack"), "utf8", [this.#stream, this.#group, ...ids]);
  }

  /** Ends it. What was not acknowledged stays with this consumer. */
  return(): Promise<IteratorResult<RedisGroupEntry>> {
    this.#ended = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @internal */
  [INSPECT](): string {
    const name = `${this.#group}/${this.#options.consumer}`;
    return `RedisGroupConsumer { stream: "${this.#stream}", name: "${name}", unacknowledged: ${this.unacknowledged} }`;
  }
}

function expectName(name: string, value: unknown): string {
  if (typeof value !== "string" || value === "") throw wrongType(name, "a string", value);
  return value;
}
