/*
 * Where a run's journal is, and when it is there: begun anew with each run, taken up by `--resume`,
 * removed when all is done, since there is nothing to go on with then.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { GetOptions } from "./arguments.ts";

const NAME = ".ambit-get.journal";

/** The journal of one run. */
export class JournalFile {
  readonly path: string;
  /** True when the journal of another run was there. */
  readonly found: boolean;
  /** It was asked for by name, or is needed by the next run: it stays. */
  readonly #kept: boolean;
  readonly #fresh: boolean;

  constructor({ directory, journal, resume, conditional }: GetOptions) {
    this.path = journal ?? join(directory, NAME);
    this.found = existsSync(this.path);
    // What has not changed since is known by the ETags of the last run.
    this.#kept = journal !== undefined || conditional;
    this.#fresh = !resume && !conditional;
  }

  /** Before the run. */
  begin(): void {
    if (this.#fresh && this.found) rmSync(this.path);
  }

  /** After a run in which everything went well. */
  end(): void {
    if (!this.#kept) rmSync(this.path, { force: true });
  }
}
