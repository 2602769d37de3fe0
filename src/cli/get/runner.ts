/*
 * Who downloads: this process, or workers on other machines.
 */
import { downloadAll } from "../../download/downloadAll.ts";
import type { Downloads } from "../../download/downloads.ts";
import type { DownloadItem } from "../../download/item.ts";
import { withQueuePackages } from "../queuePackages.ts";
import type { GetOptions } from "./getOptions.ts";
import { Client } from "./client.ts";
import type { Runner } from "./fileRunner.ts";

/**
 * @param journal the path of the journal
 * @throws UsageError when it cannot be made of the options
 * @throws WorkersError when there are no workers, or no Redis
 */
export async function runnerFor(options: GetOptions, journal: string): Promise<Runner> {
  const { workers } = options;
  if (workers === undefined) return new LocalRunner(options, journal);
  const load = (): Promise<typeof import("./spread/distributor.ts")> =>
    import("./spread/distributor.ts");
  const { Distributor } = await withQueuePackages("--workers", load);
  return await Distributor.begin(options, workers, journal);
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
