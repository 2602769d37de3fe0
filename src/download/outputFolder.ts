/*
 * The folder that the files go to: nothing is written outside of it.
 *
 * Strategy: it is resolved once. Before a file is made, each folder above it, up to this one, is
 * looked at: one that is missing is made, a symbolic link is followed only if it stays inside. What
 * was looked at is remembered, some hundreds at a time, so that a file costs no look.
 * When it was empty but for the journal, what is in it later is the run's own: no look is taken for
 * each file.
 * Limits: who can write to the folder during the run can put a link in the place of a folder that was
 * looked at before; a file that somebody else puts into one that was empty is replaced.
 */
import { lstatSync, mkdirSync, opendirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, parse, resolve, sep } from "node:path";
import { Failure } from "./failure.ts";

const REMEMBERED = 512;

/** @internal */
export class OutputFolder {
  readonly path: string;
  /** Whether `A` and `a` are the same file in it. */
  readonly ignoresCase: boolean;
  readonly #real: string;
  readonly #wasEmpty: boolean;
  /** What the names of the journal and what belongs to it begin with, if they are in here. */
  readonly #journal: string;
  readonly #seen = new Set<string>();

  /** Makes it, if it is not there. */
  constructor(path: string, journal: string | null) {
    this.path = path;
    mkdirSync(resolve(path), { recursive: true });
    this.#real = realpathSync(path);
    this.#journal = basename(journal ?? "\0").toLowerCase();
    this.#wasEmpty = this.#isEmpty();
    this.ignoresCase = ignoresCase(this.#real);
  }

  /**
   * Sees to it that a file can be made there; gives its whole path.
   *
   * @param path below the folder, with `/`
   * @throws Failure of kind `name`, when something is in the way or leads out
   */
  prepare(path: string): string {
    const slash = path.lastIndexOf("/");
    if (slash !== -1) this.#prepareFolder(path.slice(0, slash));
    return this.absolute(path);
  }

  /** True when nothing was under the path before this run. */
  isFresh(path: string): boolean {
    return this.#wasEmpty && !this.#isJournal(path);
  }

  #isEmpty(): boolean {
    const entries = opendirSync(this.#real);
    try {
      let entry = entries.readSync();
      while (entry !== null && this.#isJournal(entry.name)) entry = entries.readSync();
      return entry === null;
    } finally {
      entries.closeSync();
    }
  }

  #isJournal(name: string): boolean {
    return name.toLowerCase().startsWith(this.#journal);
  }

  /** The whole path, whether or not anything is there. */
  absolute(path: string): string {
    return this.#real + sep + (sep === "/" ? path : path.replaceAll("/", sep));
  }

  /** The path as the user will see it. */
  shown(path: string): string {
    return join(this.path, path);
  }

  #prepareFolder(folder: string): void {
    if (this.#seen.has(folder)) return;
    let above = this.#real;
    for (const part of folder.split("/")) {
      above = join(above, part);
      this.#enter(above);
    }
    if (this.#seen.size >= REMEMBERED) this.#seen.clear();
    this.#seen.add(folder);
  }

  #enter(folder: string): void {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found === undefined) return mkdirSync(folder);
    if (found.isDirectory()) return;
    if (!found.isSymbolicLink()) throw inTheWay(folder, "a file stands where its folder should be");
    const real = realpathSync(folder);
    if (real !== this.#real && !real.startsWith(this.#real + sep))
      throw inTheWay(folder, "the symbolic link leads out of the folder");
    if (!statSync(real).isDirectory())
      throw inTheWay(folder, "the symbolic link leads to no folder");
  }
}

function inTheWay(folder: string, words: string): Failure {
  return new Failure("name", `cannot write into ${JSON.stringify(folder)}: ${words}`);
}

/** Looks for the folder under its name in the other case. */
function ignoresCase(folder: string): boolean {
  for (let at = folder; at !== parse(at).root; at = dirname(at)) {
    const name = at.slice(dirname(at).length);
    const other = name.toUpperCase() === name ? name.toLowerCase() : name.toUpperCase();
    if (other === name) continue;
    const found = statSync(dirname(at) + other, { throwIfNoEntry: false });
    return found !== undefined && found.ino === statSync(at).ino;
  }
  return process.platform === "win32" || process.platform === "darwin";
}
