/*
 * Readers of streams: entries as an async iterator that goes on where it was, whatever becomes of the connection.
 *
 * Strategy: the ids of what was read are kept here, so nothing is lost with a connection, and nothing comes twice. Entries
 * are asked for when the ones before are used up. A read blocks for some seconds at a time, so that a dead connection is
 * found.
 */
import { expectInteger, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { commandNamed } from "./commandNames.ts";
import { RedisReplyError } from "./errors.ts";
import {
  fieldsOf,
  type RawStreams,
  type RedisStreamEntry,
  type Sender,
  sendOver,
} from "./streamEntry.ts";

/** How a stream is read. */
export interface ReadStreamOptions {
  /**
   * The id after which to begin: `"0"` for all that is there, `"$"` (default) for what is added after the first call of
   * `next`. For several streams, each has its own in `streams`.
   */
  readonly from?: string;
  /** How many entries the server gives at a time, an integer of at least 1. Default 100. */
  readonly count?: number;
  /** For how many milliseconds one read blocks before it is repeated, an integer of at least 1. Default 5000. */
  readonly block?: number;
}

/** Ids as the server takes them. */
const ID = /^(?:\$|\d+(?:-\d+)?)$/;

/**
 * Entries of one or more streams, in the order of each: `redis.readStream` makes it.
 *
 * **Cancellation:** a cancelled `next` has taken no entry; the read is ended on the server.
 */
export class RedisStreamReader implements AsyncIterableIterator<RedisStreamEntry> {
  readonly #sender: Sender;
  readonly #positions: Map<string, string>;
  readonly #count: number;
  readonly #block: number;
  #entries: RedisStreamEntry[] = [];
  #at = 0;
  #fromNow = true;
  #ended = false;

  /** @internal */
  constructor(sender: Sender, streams: unknown, options: ReadStreamOptions) {
    const { from = "$", count = 100, block = 5000 } = options;
    expectInteger("options.count", count, 1);
    expectInteger("options.block", block, 1);
    this.#sender = sender;
    this.#count = count;
    this.#block = block;
    this.#positions = positionsOf(streams, from);
  }

  /** By stream, the id of the last entry that was handed out: where another reader would go on. */
  get positions(): Readonly<Record<string, string>> {
    const positions = Object.fromEntries(this.#positions);
    for (const { stream, id } of this.#entries.slice(this.#at).reverse())
      positions[stream] = before(id);
    return positions;
  }

  /**
   * The next entry, waited for.
   * @throws {@link RedisConnectionError} when the connection is lost and no new one is to be had within `connectTimeout`;
   *   another call goes on where this one was
   */
  next(): Promise<IteratorResult<RedisStreamEntry>> {
    if (this.#at === this.#entries.length && !this.#ended) return this.#nextRead();
    return Promise.resolve(this.#taken());
  }

  async #nextRead(): Promise<IteratorResult<RedisStreamEntry>> {
    while (this.#at === this.#entries.length && !this.#ended) await this.#read();
    return this.#taken();
  }

  #taken(): IteratorResult<RedisStreamEntry> {
    if (this.#ended) return { done: true, value: undefined };
    return { done: false, value: this.#entries[this.#at++] as RedisStreamEntry };
  }

  async #read(): Promise<void> {
    // Only the first time.
    if (this.#fromNow) await this.#settlePositions();
    const streams = [...this.#positions.keys()];
    const ids = [...this.#positions.values()];
    const options = ["COUNT", this.#count, "BLOCK", this.#block];
    const args = [...options, "STREAMS", ...streams, ...ids];
    const { value } = await sendOver(this.#sender, "xread", args);
    this.#take(value as RawStreams);
  }

  #take(read: RawStreams): void {
    const entries: RedisStreamEntry[] = [];
    for (const [stream, raw] of read ?? []) {
      for (const [id, values] of raw) {
        this.#positions.set(stream, id);
        if (values !== null) entries.push({ stream, id, fields: fieldsOf(values), values });
      }
    }
    this.#entries = entries;
    this.#at = 0;
  }

  /** Makes "from now on" an id: between two reads nothing may be missed. */
  async #settlePositions(): Promise<void> {
    for (const [stream, id] of this.#positions)
      if (id === "$") this.#positions.set(stream, await this.#lastId(stream));
    this.#fromNow = false;
  }

  async #lastId(stream: string): Promise<string> {
    try {
      const info = await this.#sender.send(commandNamed("xinfo"), "utf8", ["STREAM", stream]);
      const words = (info as unknown[]).map(String);
      return words[words.indexOf("last-generated-id") + 1] as string;
    } catch (error) {
      // A stream that is not there yet has no entry before the first.
      if (error instanceof RedisReplyError && /no such key/i.test(error.message)) return "0-0";
      throw error;
    }
  }

  /** Ends it. */
  return(): Promise<IteratorResult<RedisStreamEntry>> {
    this.#ended = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @internal */
  [INSPECT](): string {
    const at = [...this.#positions].map(([stream, id]) => `${stream}: ${id}`).join(", ");
    return `RedisStreamReader { ${at} }`;
  }
}

function positionsOf(streams: unknown, from: string): Map<string, string> {
  const all: [string, unknown][] =
    typeof streams === "string"
      ? [[streams, from]]
      : typeof streams === "object" && streams !== null
        ? Object.entries(streams)
        : [];
  if (all.length === 0)
    throw wrongType("streams", "the key of a stream, or an object of keys and ids", streams);
  for (const [, id] of all)
    if (typeof id !== "string" || !ID.test(id))
      throw wrongType("from", 'the id of an entry, "0" or "$"', id);
  return new Map(all as [string, string][]);
}

/** The id right before an id. */
function before(id: string): string {
  const [milliseconds = "0", sequence = "0"] = id.split("-");
  if (sequence !== "0") return `${milliseconds}-${BigInt(sequence) - 1n}`;
  const earlier = BigInt(milliseconds) - 1n;
  return earlier < 0n ? "0-0" : `${earlier}-18446744073709551615`;
}
