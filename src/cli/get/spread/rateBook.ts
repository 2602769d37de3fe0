/*
 * The rates of the runs that a worker has files of, and the connection to the Redis where they are kept; made when the first run
 * comes that has one.
 */
import { Keys } from "../../../distributed/keys.ts";
import { createRedis } from "../../../redis/createRedis.ts";
import type { Redis } from "../../../redis/redis.ts";
import type { RateManner } from "./fileOrder.ts";
import { IdleShelf } from "./idleShelf.ts";
import { SharedRate } from "./sharedRate.ts";

/** Where a worker takes its calls from. */
export interface Place {
  readonly redis: string;
  readonly prefix: string;
  readonly queue: string;
}

/** Rates by their run. */
export class RateBook {
  readonly #place: Place;
  readonly #shelf: IdleShelf<RateManner, SharedRate>;
  #redis: Redis | null = null;

  constructor(place: Place) {
    this.#place = place;
    this.#shelf = new IdleShelf(
      (manner) => this.#make(manner),
      () => Promise.resolve(),
    );
  }

  /** That of a run; see {@link RateBook.giveBack}. */
  take(manner: RateManner): SharedRate {
    return this.#shelf.take(manner);
  }

  /** A file of the run is done. */
  giveBack(manner: RateManner): void {
    this.#shelf.giveBack(manner);
  }

  #make({ run, bytes }: RateManner): SharedRate {
    const { prefix, queue } = this.#place;
    this.#redis ??= createRedis(this.#place.redis);
    return new SharedRate(this.#redis, `${new Keys(prefix, queue).prefix}:rate:${run}`, bytes);
  }

  async close(): Promise<void> {
    await this.#shelf.close();
    await this.#redis?.close();
  }
}
