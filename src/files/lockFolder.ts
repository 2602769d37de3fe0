/*
 * LockFolder: the entries of a lock that processes share.
 *
 * A lock is a folder; who holds it, or tries to, has an entry in it: a symbolic link whose text says who that is
 * (`lockRecord.ts`). The system makes a link in one step, and only one of several can make the same one; so an entry is
 * never half there, and its text needs no second call.
 *   exclusive             made by who wants the lock alone
 *   shared-TOKEN          made by who shares it
 *   breaking-TOKEN        made by who removes the entry with that token, for its maker is dead
 * Exclusively: make `exclusive`, then wait until no `shared-…` is left. Shared: make `shared-TOKEN`, then look for
 * `exclusive`; if it is there, step back and wait. Each makes its own entry before it looks for the other's, so of two that
 * come at the same time at least one sees the other.
 * Breaking: two that find a dead entry must not both remove it, for the second might remove what a third has made since.
 * So it is removed by who has made `breaking-TOKEN`, and only if it is still the same: nobody else may then change it. A
 * breaker that died in between is broken likewise.
 */
import { mkdir, readdir, readlink, rmdir, type Stats, lstat, symlink, unlink } from "node:fs";
import { sep } from "node:path";
import { protect } from "../core/shield.ts";
import { inTurn } from "./descriptorLine.ts";
import { FileError } from "./errors.ts";
import { type Done, systemCall } from "./systemCall.ts";
import { lifeOf, newRecord, readRecord } from "./lockRecord.ts";
import type { LockWatch } from "./lockWatch.ts";

/** @internal */
export const EXCLUSIVE = "exclusive";
/** @internal */
export const SHARED = "shared-";
const BREAKING = "breaking-";

/** What came of breaking: `not there` any more, as far as is known; `left to another` who lives and is at it. */
type Breaking = "removed" | "not there" | "left to another";

/** @internal */
export class LockFolder {
  readonly path: string;
  readonly #watch: LockWatch;

  constructor(path: string, watch: LockWatch) {
    this.path = path;
    this.#watch = watch;
  }

  /** Where an entry is. */
  entry(name: string): string {
    return this.path + sep + name;
  }

  /** Makes an entry, and the folder if need be; false when there is one of that name. */
  async make(name: string, text: string): Promise<boolean> {
    for (;;) {
      const code = await this.#try(
        (done) => symlink(text, this.entry(name), done),
        "EEXIST",
        "ENOENT",
      );
      if (code === null) return true;
      if (code === "EEXIST") return false;
      await this.#try((done) => mkdir(this.path, done), "EEXIST");
    }
  }

  /** The text of an entry; null when there is none. */
  async read(name: string): Promise<string | null> {
    let text: string | null = null;
    const begin = (done: Done<void>): void =>
      readlink(this.entry(name), "utf8", (error, found) => {
        text = found ?? null;
        done(error);
      });
    await this.#try(begin, "ENOENT");
    return text;
  }

  /** The names of all entries. */
  async names(): Promise<string[]> {
    let names: string[] = [];
    const begin = (done: Done<void>): void =>
      readdir(this.path, (error, found) => {
        names = found ?? [];
        done(error);
      });
    await inTurn(() => this.#try(begin, "ENOENT"));
    return names;
  }

  /** Removes an entry that nobody else can have made anew; false when there is none. */
  async remove(name: string): Promise<boolean> {
    return (await this.#try((done) => unlink(this.entry(name), done), "ENOENT")) === null;
  }

  /** Removes the folder, if nobody has an entry in it. */
  async tidy(): Promise<void> {
    await this.#try((done) => rmdir(this.path, done), "ENOENT", "ENOTEMPTY", "EEXIST");
  }

  /** Whether the maker of an entry is gone. */
  async isDead(name: string, text: string): Promise<boolean> {
    const record = readRecord(text);
    if (record === undefined) return false;
    const life = lifeOf(record);
    if (life !== "stranger") return life === "dead";
    let status: Stats | undefined;
    const begin = (done: Done<void>): void =>
      lstat(this.entry(name), (error, found) => {
        status = found;
        done(error);
      });
    await this.#try(begin, "ENOENT");
    return status !== undefined && this.#watch.isSilent(text, status.mtimeMs);
  }

  /** Removes the entry with that text, which must be one of a record. */
  async break(name: string, text: string): Promise<Breaking> {
    const marker = BREAKING + (readRecord(text)?.token ?? "");
    if (!(await this.make(marker, newRecord()))) {
      const other = await this.read(marker);
      if (other === null) return "not there";
      if (!(await this.isDead(marker, other))) return "left to another";
      await this.break(marker, other);
      return "not there";
    }
    try {
      const removed = (await this.read(name)) === text && (await this.remove(name));
      return removed ? "removed" : "not there";
    } finally {
      await protect(() => this.remove(marker));
    }
  }

  /** The code of the error, if it is one of those; null when there is none. */
  async #try(begin: (done: Done<void>) => void, ...fine: string[]): Promise<string | null> {
    try {
      await systemCall<void>("fileLock", this.path, begin);
      return null;
    } catch (error) {
      if (error instanceof FileError && fine.includes(error.code)) return error.code;
      throw error;
    }
  }
}
