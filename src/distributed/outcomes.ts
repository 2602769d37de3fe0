/*
 * Outcomes: what became of the calls of a worker, kept in Redis and told to who submitted them.
 *
 * Strategy: what is large lies under a key of its own. A failure is kept whole beside what BullMQ keeps of it, which is one
 * line. Submitters are told over their channel once Redis has the outcome: who hears nothing finds it there.
 */
import { type Job, UnrecoverableError } from "bullmq";
import type { Redis } from "ioredis";
import { CancelledError } from "../core/errors.ts";
import { packThrown, type ThrownParcel } from "../futures/parcel.ts";
import { Announcements } from "./announcements.ts";
import { CallLostError, TaskVersionError, UnknownTaskError } from "./errors.ts";
import type { Keys } from "./keys.ts";
import { lostBy } from "./looking.ts";
import type { CallData, Told } from "./messages.ts";
import { pack, type Packed, type Payload, type PayloadLimits } from "./payload.ts";

const UNLIMITED: PayloadLimits = { inlineLimit: Infinity, maxPayload: Infinity };

/** @internal */
export class Outcomes {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #limits: PayloadLimits;
  readonly #onTrouble: (error: Error) => void;
  readonly #announcements: Announcements;

  constructor(redis: Redis, keys: Keys, limits: PayloadLimits, onTrouble: (error: Error) => void) {
    this.#redis = redis;
    this.#keys = keys;
    this.#limits = limits;
    this.#onTrouble = onTrouble;
    this.#announcements = new Announcements(redis, onTrouble);
  }

  /**
   * Keeps a result; gives what BullMQ is told of it.
   * @throws PayloadTooLargeError
   */
  async keepResult(job: Job<CallData>, value: unknown): Promise<Payload> {
    const key = this.#keys.payload(job.id as string, "result");
    const packed = pack(value, `the result of '${job.name}'`, "result", key, this.#limits);
    return await this.#store(packed, job);
  }

  /** Keeps what a call threw. */
  async keepFailure(job: Job<CallData>, failure: ThrownParcel): Promise<void> {
    const text = JSON.stringify(await this.#storeFailure(job, failure));
    await this.#redis.set(this.#keys.failure(job.id as string), text, "PX", job.data.keep);
  }

  tellResult(job: Job<CallData>, payload: Payload): void {
    this.#tell(job, { id: job.id as string, what: "result", payload });
  }

  /** @param reason what BullMQ knows of it */
  tellFailure(job: Job<CallData>, reason: string): void {
    void this.#tellFailure(job, reason).catch((trouble: Error) => this.#onTrouble(trouble));
  }

  tellProgress(job: Job<CallData>, value: unknown): void {
    const { payload } = pack(value, "progress", "value", "", UNLIMITED);
    this.#tell(job, { id: job.id as string, what: "progress", payload });
  }

  /** Puts what is large under its key. */
  async #store({ payload, bytes }: Packed, job: Job<CallData>): Promise<Payload> {
    if (bytes !== null && "key" in payload)
      await this.#redis.set(payload.key, bytes, "PX", job.data.keep);
    return payload;
  }

  async #storeFailure(job: Job<CallData>, failure: ThrownParcel): Promise<Payload> {
    const what = `what '${job.name}' threw`;
    const key = this.#keys.payload(job.id as string, "failure");
    try {
      return await this.#store(pack(failure, what, "error", key, this.#limits), job);
    } catch (error) {
      return pack(packThrown(error), what, "error", key, this.#limits).payload;
    }
  }

  async #tellFailure(job: Job<CallData>, reason: string): Promise<void> {
    const id = job.id as string;
    const text = await this.#redis.get(this.#keys.failure(id));
    // BullMQ itself has given it up.
    const payload =
      text === null
        ? await this.#storeFailure(job, packThrown(lostBy(reason)))
        : (JSON.parse(text) as Payload);
    this.#tell(job, { id, what: "failure", payload });
  }

  #tell({ data }: Job<CallData>, told: Told): void {
    const channel = data.shared ? this.#keys.toAll : this.#keys.to(data.submitter);
    this.#announcements.tell(channel, told);
  }
}

/** Whether trying again would not help. @internal */
export function isFinal(error: unknown): boolean {
  return (
    error instanceof CancelledError ||
    error instanceof UnknownTaskError ||
    error instanceof TaskVersionError ||
    error instanceof CallLostError
  );
}

/** What BullMQ keeps of an error: who looks into the queue sees it. @internal */
export function inShort(error: unknown, final: boolean): Error {
  const told = final ? new UnrecoverableError() : new Error();
  told.message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (error instanceof Error && error.stack !== undefined) told.stack = error.stack;
  return told;
}
