/*
 * Who downloads: this process, or workers on other machines.
 */
import { downloadAll } from "../../download/downloadAll.ts";
import type { Downloads } from "../../download/downloads.ts";
import type { DownloadItem } from "../../download/item.ts";
import { UsageError } from "../usageError.ts";
import type { GetOptions } from "./getOptions.ts";
import { Client } from "./client.ts";
import type { Runner } from "./fileRunner.ts";

/**
 * @param journal the path of the journal
 * @param total how many files there will be; null when nobody can know
 * @throws {@link UsageError} when it cannot be made of the options
 * @throws WorkersError when there are no workers, or no Redis
 */
export async function runnerFor(
  options: GetOptions,
  journal: string,
  total: number | null,
): Promise<Runner> {
  const { workers } = options;
  if (workers === undefined) return new LocalRunner(options, journal);
  const { Distributor } = await loadDistributor();
  return await Distributor.begin(options, workers, journal, total);
}

async function loadDistributor(): Promise<typeof import("./spread/distributor.ts")> {
  try {
    return await import("./spread/distributor.ts");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UsageError("--workers needs two packages: `npm install bullmq ioredis`");
  }
}

class LocalRunner implements Runner {
  readonly directory: string;
  readonly #options: GetOptions;
  readonly #journal: string;
  readonly #client: Client;

  constructor(options: GetOptions, journal: string) {
    this.directory = options.directory;
    this.#options = options;
    this.#journal = journal;
    this.#client = new Client(options);
  }

  run(items: AsyncIterable<DownloadItem>): Downloads {
    const { directory, output, jobs, perHost, rate, retries, segments } = this.#options;
    const { conditional, overwrite, json } = this.#options;
    return downloadAll(items, {
      folder: directory,
      name: output,
      concurrency: jobs,
      perHost,
      limitRate: rate,
      retry: { attempts: retries + 1 },
      journal: this.#journal,
      existing: overwrite || conditional ? "replace" : "skip",
      conditional,
      segments,
      sha256: json,
      session: this.#client.session,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }
}
