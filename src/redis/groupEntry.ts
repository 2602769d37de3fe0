/*
 * An entry of a stream in the hands of a consumer, who acknowledges it.
 */
import { INSPECT } from "../core/inspection.ts";
import { fieldsOf, type RedisStreamEntry } from "./streamEntry.ts";

/** An entry that was handed to a consumer of a group. */
export interface RedisGroupEntry extends RedisStreamEntry {
  /**
   * Tells the group that the entry is dealt with (XACK); false when it was acknowledged already.
   *
   * **Cancellation:** as for any command; what was not acknowledged comes again.
   */
  ack(): Promise<boolean>;
}

/** @internal */
export class GroupEntry implements RedisGroupEntry {
  readonly stream: string;
  readonly id: string;
  readonly values: readonly string[];
  readonly #consumer: { ack(id: string): Promise<boolean> };
  #fields: Record<string, string> | null = null;

  constructor(
    stream: string,
    id: string,
    values: readonly string[],
    consumer: { ack(id: string): Promise<boolean> },
  ) {
    this.stream = stream;
    this.id = id;
    this.values = values;
    this.#consumer = consumer;
  }

  get fields(): Record<string, string> {
    return (this.#fields ??= fieldsOf(this.values));
  }

  ack(): Promise<boolean> {
    return this.#consumer.ack(this.id);
  }

  [INSPECT](): string {
    return `RedisGroupEntry { stream: "${this.stream}", id: "${this.id}" }`;
  }
}
