/*
 * Where a run's journal is, and when it is there: begun anew with each run, taken up by `--resume`,
 * removed when all is done, since there is nothing to go on with then. No other run writes it meanwhile.
 */
import { closeSync, existsSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../usageError.ts";
import type { GetOptions } from "./arguments.ts";
import { JournalLock } from "./journalLock.ts";

const NAME = ".ambit-get.journal";
/** Of a run whose files lie on other machines; it is in the current folder. */
const SPREAD_NAME = ".ambit-get-workers.journal";
/** What each journal begins with. */
const BEGINNING = '{"journal":"ambit download"';
const SPREAD_BEGINNING = '{"journal":"ambit get --workers"';

/** The journal of one run. */
export class JournalFile {
  readonly path: string;
  readonly #lock: JournalLock;
  #found = false;
  /** It was asked for by name, or is needed by the next run: it stays. */
  readonly #kept: boolean;
  readonly #fresh: boolean;
  readonly #beginning: string;

  constructor({ directory, journal, resume, conditional, workers }: GetOptions) {
    this.path = journal ?? (workers === undefined ? join(directory, NAME) : SPREAD_NAME);
    this.#beginning = workers === undefined ? BEGINNING : SPREAD_BEGINNING;
    this.#lock = new JournalLock(this.path);
    // What has not changed since is known by the ETags of the last run.
    this.#kept = journal !== undefined || conditional;
    this.#fresh = !resume && !conditional;
  }

  /** True when the journal of another run was there. */
  get found(): boolean {
    return this.#found;
  }

  /**
   * Before anything: from now on it is this run's; see {@link JournalFile.close}.
   *
   * @throws {@link UsageError} when it is another run's, or a file is there that is no journal
   */
  open(): void {
    this.#lock.take();
    this.#found = existsSync(this.path);
    if (!this.#found || isJournal(this.path, this.#beginning)) return;
    this.close();
    throw new UsageError(`--journal ${this.path} is there, and no journal`);
  }

  /** Before the run. */
  begin(): void {
    if (this.#found && this.#fresh) rmSync(this.path);
  }

  /** After a run in which everything went well. */
  end(): void {
    if (!this.#kept) rmSync(this.path, { force: true });
  }

  /** After everything: the next run may have it. */
  close(): void {
    this.#lock.release();
  }
}

/** It is one, or empty: what is anything else must be neither removed nor written to. */
function isJournal(path: string, beginning: string): boolean {
  const start = Buffer.alloc(beginning.length);
  const file = openSync(path, "r");
  try {
    const count = readSync(file, start);
    return count === 0 || start.toString("latin1") === beginning;
  } catch {
    return false; // A folder can be opened, and not be read.
  } finally {
    closeSync(file);
  }
}
