/*
 * PoolExecutor: an executor on a pool of workers, whatever these are.
 */
import { inspect } from "node:util";
import { expectInteger, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import type { ConcurrentFuture } from "./concurrentFuture.ts";
import { type CallOptions, Executor, type ExecutorShutdownOptions } from "./executor.ts";
import type { Link } from "./link.ts";
import type { Pool } from "./pool.ts";
import type { Callable } from "./reference.ts";
import type { ResultStream } from "./resultStream.ts";

/** What all executors with workers of their own have. */
export abstract class PoolExecutor extends Executor {
  /** @internal */
  protected abstract readonly pool: Pool<Link>;
  /** @internal */
  protected readonly options: CallOptions;

  /** @internal */
  constructor({ abandonOnCancel, bufferSize }: CallOptions) {
    super();
    if (abandonOnCancel !== undefined && typeof abandonOnCancel !== "boolean")
      throw wrongType("options.abandonOnCancel", "a boolean", abandonOnCancel);
    if (bufferSize !== undefined) expectInteger("options.bufferSize", bufferSize, 1);
    this.options = {
      ...(abandonOnCancel === undefined ? {} : { abandonOnCancel }),
      ...(bufferSize === undefined ? {} : { bufferSize }),
    };
  }

  override submit<A extends unknown[], R>(
    fn: (...args: A) => R,
    ...args: A
  ): ConcurrentFuture<Awaited<R>> {
    return this.pool.submit(fn, args, false, this.options) as ConcurrentFuture<Awaited<R>>;
  }

  /** @internal */
  protected override submitChunk(
    fn: Callable,
    items: readonly unknown[],
  ): ConcurrentFuture<unknown[]> {
    return this.pool.submit(fn, items, true, this.options) as ConcurrentFuture<unknown[]>;
  }

  /** @internal */
  protected override submitStream(fn: Callable, args: readonly unknown[]): ResultStream<unknown> {
    return this.pool.stream(fn, args, this.options);
  }

  /**
   * The executor with other options for its calls: `pool.withOptions({ abandonOnCancel: true }).submit(fn)`. It is the same
   * one, with the same workers; shutting either down does so to both.
   *
   * @throws TypeError or RangeError when an option is none
   */
  override withOptions(options: CallOptions): PoolExecutor {
    return new View(this.pool, { ...this.options, ...options });
  }

  override async shutdown(options: ExecutorShutdownOptions = {}): Promise<void> {
    await this.pool.shutdown(options);
  }

  /**
   * What the tasks in each worker wait for, as text, one tree under each worker's name: the running call, and the tasks that it
   * has made. Workers are asked now, and it costs nothing otherwise; one that computes and does not answer within 200 ms is
   * shown with the function that it runs.
   */
  formatTaskTree(): Promise<string> {
    return this.pool.taskTrees();
  }
}

/** A pool, called with other options. */
class View extends PoolExecutor {
  protected override readonly pool: Pool<Link>;

  constructor(pool: Pool<Link>, options: CallOptions) {
    super(options);
    this.pool = pool;
  }

  [INSPECT](): string {
    return `<${inspect(this.pool.executor)} ${inspect(this.options)}>`;
  }
}
