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
/** What each journal begins with. */
const BEGINNING = '{"journal":"ambit download"';

/** The journal of one run. */
export class JournalFile {
  readonly path: string;
  readonly #lock: JournalLock;
  #found = false;
  /** It was asked for by name, or is needed by the next run: it stays. */
  readonly #kept: boolean;
  readonly #fresh: boolean;

  constructor({ directory, journal, resume, conditional }: GetOptions) {
    this.path = journal ?? join(directory, NAME);
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
    if (!this.#found || isJournal(this.path)) return;
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
