/*
 * What comes of a body, on its way to the disk: counted, written, and held back to the rate that is
 * allowed.
 */
import type { BodySink } from "../http/bodySink.ts";
import type { Equipment } from "./equipment.ts";
import type { Job } from "./job.ts";
import type { PartWriter } from "./partFile.ts";

/** @internal */
export class Intake implements BodySink {
  readonly #kit: Equipment;
  readonly #job: Job;
  readonly #writer: PartWriter;
  /** Bytes that came and the rate was not asked for. */
  #owed = 0;

  constructor(kit: Equipment, job: Job, writer: PartWriter) {
    this.#kit = kit;
    this.#job = job;
    this.#writer = writer;
  }

  push(chunk: Uint8Array): boolean {
    const { progress, rate } = this.#kit;
    const full = this.#writer.push(chunk);
    this.#job.received += chunk.length;
    progress.bytes += chunk.length;
    if (!rate.limits) return full;
    this.#owed += chunk.length;
    return true;
  }

  async drain(): Promise<boolean> {
    await this.#writer.drain();
    const owed = this.#owed;
    this.#owed = 0;
    if (owed > 0) await this.#kit.rate.pay(owed);
    return true;
  }
}
