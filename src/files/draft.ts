/*
 * Draft: a file beside the one that it is to become.
 *
 * Strategy: what is written is not seen under the file's name until it is complete: then one `rename` puts it there, which
 * the system does in one step. Whoever reads finds the old file or the new one, whole; a draft that is given up, by an
 * error, a cancel, the end of the process, is removed. Permissions and owner of the old file are kept.
 * Limits: a process that is killed leaves `.ambit-….tmp` beside the file. Other names of the old file (hard links) keep
 * the old content. Access lists and extended attributes are not kept; nor is the owner, unless the process may give files
 * away.
 */
import { link, rename, type Stats, unlink, unlinkSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { protect } from "../core/shield.ts";
import { FileError } from "./errors.ts";
import { systemCall } from "./systemCall.ts";
import { PlainFile } from "./plainFile.ts";
import { atProcessExit } from "./exitCleanup.ts";
import { placeOf, statusAt } from "./place.ts";
import { randomName } from "./temporaryName.ts";

/** The bits of a mode that are permissions. */
const ALL_BITS = 0o7777;

const SEPARATOR = sep === "\\" ? /[/\\]$/ : /\/$/;

/** How a draft takes its place. @internal */
export interface CommitOptions {
  /** Whether it waits until all is on the disk. */
  readonly fsync: boolean;
  /** Whether a file that is there is replaced, or is an error. */
  readonly replace: boolean;
}

/** @internal */
export class Draft {
  readonly path: string;
  /** What there is at its place now. */
  readonly existing: Stats | null;
  readonly #operation: string;
  /** Where it goes: a path without links. */
  readonly target: string;
  readonly #takeBack: () => void;
  #ended = false;

  private constructor(operation: string, target: string, existing: Stats | null) {
    this.#operation = operation;
    this.target = target;
    this.existing = existing;
    const path = join(dirname(target), `.ambit-${randomName()}.tmp`);
    this.path = path;
    this.#takeBack = atProcessExit(() => unlinkSync(path));
  }

  /**
   * Finds out where it goes; makes nothing yet.
   *
   * @param follow whether a link there stays and what it leads to is replaced, or the link
   * @throws {@link FileError} when no file can stand there
   */
  static async for(operation: string, path: string, follow = true): Promise<Draft> {
    const place = follow ? await placeOf(operation, path) : null;
    const target = place?.path ?? resolve(path);
    const existing = place === null ? await statusAt(operation, target) : place.status;
    if (existing?.isDirectory() !== true && SEPARATOR.test(path)) {
      const words = "a path that ends with a separator means a folder";
      throw new FileError(words, { operation, path, code: "ENOTDIR" });
    }
    if (existing === null || existing.isFile() || existing.isSymbolicLink())
      return new Draft(operation, target, existing);
    const [what, code] = existing.isDirectory()
      ? ["a folder", "EISDIR"]
      : ["no regular file", "EINVAL"];
    throw new FileError(`there is ${what}`, { operation, path, code });
  }

  /**
   * Makes the file, to be written.
   * @param mode that it is to have; left out: those of the file that it replaces, or those that files get
   */
  create(mode: number | undefined): Promise<PlainFile> {
    // Never more than it is to have: what is private stays so. What runs as its owner gets that bit at the end.
    const bits = (mode ?? this.existing?.mode ?? 0o666) & 0o777;
    return PlainFile.open(this.#operation, this.path, "wx", bits, this.target);
  }

  /** Gives it the permissions and the owner that it is to have. */
  async adopt(file: PlainFile, mode: number | undefined): Promise<void> {
    const bits = mode ?? this.existing?.mode;
    if (bits === undefined) return;
    const wanted = bits & ALL_BITS;
    const own = file.statNow();
    const { uid, gid } = this.existing ?? own;
    if (own.uid !== uid || own.gid !== gid) await this.#giveTo(file, uid, gid);
    // Giving it away takes some bits from it.
    if ((file.statNow().mode & ALL_BITS) !== wanted) await file.chmod(wanted);
  }

  async #giveTo(file: PlainFile, uid: number, gid: number): Promise<void> {
    try {
      await file.chown(uid, gid);
    } catch (error) {
      if (!(error instanceof FileError)) throw error; // Only the administrator may.
    }
  }

  /**
   * Puts it in its place.
   *
   * **Cancellation:** none reaches it: it has happened or failed.
   */
  async commit({ fsync: sync, replace }: CommitOptions): Promise<void> {
    await protect(async () => {
      await this.#rename(replace);
      this.#end();
      if (sync) await this.#syncFolder();
    });
  }

  async #rename(replace: boolean): Promise<void> {
    if (replace) return this.#call((done) => rename(this.path, this.target, done));
    await this.#call((done) => link(this.path, this.target, done));
    await this.#call((done) => unlink(this.path, done));
  }

  /** So that the new name, too, is on the disk. Windows has no such call. */
  async #syncFolder(): Promise<void> {
    if (process.platform === "win32") return;
    const folder = await PlainFile.open(this.#operation, dirname(this.target), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** Gives it up, unless it has taken its place. What cannot be removed is left: why it was given up matters more. */
  async discard(): Promise<void> {
    if (this.#ended) return;
    this.#end();
    await protect(() => this.#call((done) => unlink(this.path, () => done(null))));
  }

  #end(): void {
    this.#ended = true;
    this.#takeBack();
  }

  #call(begin: (done: (error: NodeJS.ErrnoException | null) => void) => void): Promise<void> {
    return systemCall<void>(this.#operation, this.target, begin);
  }
}
