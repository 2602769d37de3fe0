/*
 * The endings of calls on their way back to the pool.
 *
 * Strategy: they go back together: when there is nothing left to do, or when some have waited for a millisecond. One that
 * took much longer than a message does is not kept from who waits for it. What cannot be cloned fails alone, and says where
 * it is.
 */
import type { TransferListItem } from "node:worker_threads";
import type { TimerHandle } from "../core/clock.ts";
import { getRunningLoop } from "../core/scope.ts";
import { pathOfUncloneable } from "./cloning.ts";
import { flatEndings } from "./endingRuns.ts";
import { packThrown } from "./parcel.ts";
import type { Ending } from "./protocol.ts";
import { collectTransfers } from "./transfer.ts";
import type { WorkerPort } from "./workerPort.ts";

/** Endings wait no longer than this for others to travel with, in milliseconds. */
const PATIENCE = 1;
/** One that took so long is worth a message, in milliseconds. */
const WORTH = 0.25;

const loop = getRunningLoop();

function isIterator(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "next" in value &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}

function flush(outbox: EndingOutbox): void {
  outbox.flush();
}

/** @internal */
export class EndingOutbox {
  readonly #port: WorkerPort;
  #endings: Ending[] = [];
  #oldest = 0;
  #flushing: TimerHandle | null = null;

  constructor(port: WorkerPort) {
    this.#port = port;
  }

  /** @param last whether no call waits behind it */
  add(ending: Ending, last: boolean): void {
    const now = loop.time();
    if (this.#endings.length === 0) this.#oldest = now;
    this.#endings.push(ending);
    if (last || ending.took >= WORTH || now - this.#oldest >= PATIENCE) this.flush();
    // While the next call awaits; one that does not is looked after by the next `add`.
    else this.#flushing ??= loop.schedule(this.#oldest + PATIENCE, flush, this);
  }

  flush(): void {
    if (this.#endings.length === 0) return;
    this.#flushing?.cancel();
    this.#flushing = null;
    const batch = this.#endings;
    this.#endings = [];
    try {
      this.#port.send({ endings: flatEndings(batch) }, this.#movedBy(batch));
    } catch {
      for (const ending of batch) this.#sendAlone(ending);
    }
  }

  #sendAlone(ending: Ending): void {
    try {
      this.#port.send({ endings: flatEndings([ending]) }, this.#movedBy([ending]));
    } catch (cause) {
      const { id, took } = ending;
      const thrown = packThrown(this.#refusal(ending, cause));
      this.#port.send({ endings: flatEndings([{ id, took, thrown }]) }, []);
    }
  }

  #refusal(ending: Ending, cause: unknown): TypeError {
    const { medium } = this.#port;
    const path =
      "value" in ending ? pathOfUncloneable(ending.value, "the result", medium) : "what it threw";
    const advice =
      "value" in ending && isIterator(ending.value)
        ? "it is a generator: call it with executor.stream(fn, …args)"
        : "return plain data";
    return new TypeError(`${path} cannot be cloned for the ${medium.noun} that called; ${advice}`, {
      cause,
    });
  }

  /** What is moved with the results. */
  #movedBy(batch: readonly Ending[]): TransferListItem[] {
    const moved: TransferListItem[] = [];
    if (!this.#port.medium.moves) return moved;
    for (const ending of batch) if ("value" in ending) collectTransfers([ending.value], moved);
    return moved;
  }
}
