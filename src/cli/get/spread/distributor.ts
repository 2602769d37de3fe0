/*
 * From the options of `ambit get --workers` to the run over workers: the executor, the journal, what is asked of the workers.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { DistributedError } from "../../../distributed/errors.ts";
import { DistributedExecutor } from "../../../distributed/distributedExecutor.ts";
import type { DownloadItem } from "../../../download/item.ts";
import type { Downloads } from "../../../download/downloads.ts";
import { UsageError } from "../../usageError.ts";
import type { GetOptions } from "../getOptions.ts";
import type { Runner } from "../fileRunner.ts";
import type { Manner } from "./fileOrder.ts";
import { spread } from "./spreadRun.ts";
import { SpreadJournal } from "./spreadJournal.ts";
import { WorkersError } from "./workersError.ts";

/** How long no worker may be there, and Redis may be silent, in milliseconds. */
const PATIENCE = 5000;

/** Runs files on workers. */
export class Distributor implements Runner {
  readonly #options: GetOptions;
  readonly #executor: DistributedExecutor;
  readonly #journal: SpreadJournal;
  readonly #manner: Manner;

  private constructor(
    options: GetOptions,
    manner: Manner,
    executor: DistributedExecutor,
    journal: SpreadJournal,
  ) {
    this.#options = options;
    this.#manner = manner;
    this.#executor = executor;
    this.#journal = journal;
  }

  /**
   * @throws {@link UsageError} when a file of certificates cannot be read
   * @throws {@link WorkersError} when Redis refuses or is not there, or no worker is
   */
  static async begin(options: GetOptions, redis: string, journal: string): Promise<Distributor> {
    const manner = mannerOf(options);
    const executor = new DistributedExecutor({
      redis,
      queue: options.queue,
      // A file may take as long as it takes: what ends it are `--timeout` and its like, on the worker.
      deadline: Infinity,
      lossTimeout: PATIENCE,
      workerTimeout: PATIENCE,
    });
    try {
      await expectWorkers(executor, options.queue);
      return new Distributor(options, manner, executor, new SpreadJournal(journal));
    } catch (error) {
      await executor.shutdown();
      throw error;
    }
  }

  get directory(): string {
    const { directory } = this.#options;
    return directory === "." ? "the workers' folders" : `${directory} in the workers' folders`;
  }

  run(items: AsyncIterable<DownloadItem>): Downloads {
    const { jobs, perHost } = this.#options;
    const [manner, executor, journal] = [this.#manner, this.#executor, this.#journal];
    return spread(items, { jobs, perHost, manner, executor, journal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#journal.close();
    await this.#executor.shutdown({ cancelFutures: true });
  }
}

async function expectWorkers(executor: DistributedExecutor, queue: string): Promise<void> {
  let workers: number;
  try {
    ({ workers } = await executor.queueStatistics());
  } catch (error) {
    if (!(error instanceof DistributedError)) throw error;
    throw new WorkersError(error.message);
  }
  if (workers > 0) return;
  throw new WorkersError(
    `no worker takes files of the queue ${queue}: start \`ambit worker --get DIR --redis URL\` on one machine or more`,
  );
}

function mannerOf(options: GetOptions): Manner {
  const { directory, retries, overwrite, segments, rate, json, ca } = options;
  const { headers, timeout, proxy, user = null, http2, insecure } = options;
  return {
    directory,
    attempts: retries + 1,
    existing: overwrite ? "replace" : "skip",
    segments,
    rate: rate === Infinity ? null : { run: randomUUID(), bytes: rate },
    sha256: json,
    client: {
      headers,
      timeout: { ...timeout, total: timeout.total === Infinity ? 0 : timeout.total },
      proxy,
      user,
      http2,
      insecure,
      authorities: ca === undefined ? null : readAuthorities(ca),
    },
  };
}

function readAuthorities(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
