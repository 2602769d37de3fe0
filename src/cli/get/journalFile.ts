/*
 * Where a run's journal is, and when it is there: begun anew with each run, taken up by `--resume`,
 * removed when all is done, since there is nothing to go on with then.
 */
import { closeSync, existsSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../usageError.ts";
import type { GetOptions } from "./arguments.ts";

const NAME = ".ambit-get.journal";
/** What each journal begins with. */
const BEGINNING = '{"journal":"ambit download"';

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

  /**
   * Before the run.
   *
   * @throws {@link UsageError} when a file is there that is no journal
   */
  begin(): void {
    if (!this.found) return;
    if (!isJournal(this.path))
      throw new UsageError(`--journal ${this.path} is there, and no journal`);
    if (this.#fresh) rmSync(this.path);
  }

  /** After a run in which everything went well. */
  end(): void {
    if (!this.#kept) rmSync(this.path, { force: true });
  }
}

/** It is one, or empty: what is anything else must be neither removed nor written to. */
function isJournal(path: string): boolean {
  const start = Buffer.alloc(BEGINNING.length);
  const file = openSync(path, "r");
  try {
    const count = readSync(file, start);
    return count === 0 || start.toString("latin1") === BEGINNING;
  } catch {
    return false; // A folder can be opened, and not be read.
  } finally {
    closeSync(file);
  }
}
