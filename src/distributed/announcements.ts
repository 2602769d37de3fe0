/*
 * Announcements: what a worker tells submitters of their calls; all of one turn for one channel is one message.
 *
 * Limits: who does not hear one is not told again. Outcomes are found in Redis, see looking.ts.
 */
import type { Redis } from "ioredis";
import type { Told } from "./messages.ts";

/** @internal */
export class Announcements {
  readonly #redis: Redis;
  readonly #onTrouble: (error: Error) => void;
  /** By channel; as JSON, for what is told may change later. */
  #texts = new Map<string, string[]>();

  constructor(redis: Redis, onTrouble: (error: Error) => void) {
    this.#redis = redis;
    this.#onTrouble = onTrouble;
  }

  tell(channel: string, told: Told): void {
    if (this.#texts.size === 0) process.nextTick(() => this.#send());
    const text = JSON.stringify(told);
    const texts = this.#texts.get(channel);
    if (texts === undefined) this.#texts.set(channel, [text]);
    else texts.push(text);
  }

  #send(): void {
    const all = this.#texts;
    this.#texts = new Map();
    for (const [channel, texts] of all)
      this.#redis.publish(channel, `[${texts.join()}]`).catch(this.#onTrouble);
  }
}
