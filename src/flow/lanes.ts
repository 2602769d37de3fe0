/*
 * The lanes of a mapping: tasks that work through its items, each at one item at a time.
 *
 * Strategy: a conductor task owns it all: its task group holds the lanes, and the source is read
 * and closed in its flow. A lane is started for each of the first `limit` items; one that has
 * finished its item rests until it is handed another, while fewer than `limit` results are under
 * way. A task per lane and not per item, because to make a task costs several times what handing
 * over an item does. Each item still starts with the context variables that the mapping was started
 * with, and what an item leaves floating ends with it. The first failure, of an item or of the
 * source, fails the group, which cancels the rest and waits for its end.
 */
import type { CancelledError } from "../core/errors.ts";
import type { Scope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { spawnUnder } from "../core/createTask.ts";
import type { Task } from "../core/task.ts";
import { taskGroup, type TaskGroup } from "../core/taskGroup.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { ItemSource, type Items } from "./itemSource.ts";
import type { Place, ResultLine } from "./resultLine.ts";

/** What is done with one item. @internal */
export type Mapper<T, R> = (item: T, index: number) => R | PromiseLike<R>;

/** @internal */
export class Lanes<T, R> {
  /** The conductor; ends when all lanes have ended and the source is closed. */
  readonly task: Task<void>;
  readonly #source: ItemSource<T>;
  readonly #fn: Mapper<T, R>;
  readonly #limit: number;
  readonly #line: ResultLine<T, R>;
  readonly #resting = new WaitQueue<Place<T, R> | null>();
  #conductor: Wait<void> | null = null;
  #started = 0;
  #failed = false;

  constructor(
    home: Scope,
    items: Items<T>,
    fn: Mapper<T, R>,
    limit: number,
    line: ResultLine<T, R>,
  ) {
    this.#source = new ItemSource(items);
    this.#fn = fn;
    this.#limit = limit;
    this.#line = line;
    this.task = spawnUnder(home, () => taskGroup((group) => this.#conduct(group)), {
      name: "mapConcurrent",
    });
  }

  /** How many items are being worked on. */
  get running(): number {
    return this.task.done() ? 0 : this.#line.ahead - this.#line.ready;
  }

  async #conduct(group: TaskGroup): Promise<void> {
    try {
      if (this.#source.synchronous) await this.#startAll(group);
      else await this.#pump(group);
    } catch (error) {
      this.#failed = true;
      throw error;
    } finally {
      // Nor does a lane rest from now on that has swallowed its cancellation: the source has ended.
      while (this.#resting.first !== null) this.#resting.shift()?.resolve(null);
      await this.#source.close();
    }
  }

  /** A sync source is read where room arises, see `refill`; it is owned here until it has ended. */
  async #startAll(group: TaskGroup): Promise<void> {
    while (this.#started < this.#limit) {
      const pulled = this.#source.pullNow();
      if (pulled.done === true) return;
      this.#startLane(group, this.#line.open(pulled.value));
    }
    await suspend<void, this>(holdConductor<T, R>, this, "mapConcurrent");
  }

  async #pump(group: TaskGroup): Promise<void> {
    for (;;) {
      while (!this.#hasRoom())
        await suspend<void, this>(holdConductor<T, R>, this, "mapConcurrent");
      const pulled = await this.#source.pull();
      if (pulled.done === true) return;
      const place = this.#line.open(pulled.value);
      const lane = this.#resting.shift();
      if (lane === null) this.#startLane(group, place);
      else lane.resolve(place);
    }
  }

  /** Sees to it that an item is read, if there is room for one. */
  refill(): void {
    if (!this.#hasRoom()) return;
    if (!this.#source.synchronous) return this.#wakeConductor();
    try {
      this.#handOut();
    } catch (error) {
      this.#failed = true;
      this.#conductor?.reject(error);
    }
  }

  #handOut(): void {
    while (this.#resting.first !== null && this.#hasRoom()) {
      const pulled = this.#source.pullNow();
      if (pulled.done === true) return this.#wakeConductor();
      this.#resting.shift()?.resolve(this.#line.open(pulled.value));
    }
  }

  #hasRoom(): boolean {
    return this.#line.ahead < this.#limit && !this.#source.ended && !this.#failed;
  }

  #wakeConductor(): void {
    this.#conductor?.resolve();
  }

  /** @internal */
  hold(wait: Wait<void>): void {
    this.#conductor = wait;
  }

  #startLane(group: TaskGroup, first: Place<T, R>): void {
    const name = `${this.#fn.name || "mapConcurrent"}-${++this.#started}`;
    const lane: Task<void> = group.spawn(() => this.#drive(lane, first), { name, shows: this.#fn });
    lane.addWaiter({ passive: true, settled: () => this.#laneEnded(lane) });
  }

  async #drive(lane: Task<void>, first: Place<T, R>): Promise<void> {
    const { scope } = lane;
    const context = scope.context?.copy() ?? null;
    for (let place: Place<T, R> | null = first; place !== null;) {
      // A cancel that came after the item was handed out: it is not begun any more.
      const asked = scope.refusal();
      if (asked !== null) throw asked;
      const value = await this.#fn(place.item, place.index);
      scope.sweep();
      scope.context = context?.copy() ?? null;
      if (this.#failed) return;
      this.#line.fill(place, value);
      if (this.#source.ended) return;
      place = await suspend<Place<T, R> | null, this>(rest<T, R>, this, "mapConcurrent");
    }
  }

  /** @internal */
  rest(wait: Wait<Place<T, R> | null>): void {
    this.#resting.push(wait);
  }

  /** @internal */
  leaveRest(wait: Wait<Place<T, R> | null>): void {
    this.#resting.remove(wait);
  }

  /**
   * A lane that was cancelled by itself leaves an item without a result: the mapping cannot go on.
   */
  #laneEnded(lane: Task<void>): void {
    if (lane.state === "rejected") this.#failed = true;
    if (lane.state !== "cancelled" || this.#failed || this.task.cancelling() > 0) return;
    this.task.cancelWith(lane.outcome as CancelledError);
  }
}

function holdConductor<T, R>(wait: Wait<void>, lanes: Lanes<T, R>): void {
  lanes.hold(wait);
}

function rest<T, R>(
  wait: Wait<Place<T, R> | null>,
  lanes: Lanes<T, R>,
): Cleanup<Place<T, R> | null, Lanes<T, R>> {
  lanes.rest(wait);
  return leaveRest;
}

function leaveRest<T, R>(wait: Wait<Place<T, R> | null>, lanes: Lanes<T, R>): void {
  lanes.leaveRest(wait);
}
