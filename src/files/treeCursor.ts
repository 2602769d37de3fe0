/*
 * TreeCursor: where in a tree one is who removes it: in one folder at a time, which is gone down from and up to again.
 *
 * Strategy: whoever may write to a tree can put a link in a folder's place at any moment; who then goes by paths, ends
 * up in another tree. The system has calls that begin at an open folder (`openat`, `unlinkat`); Node has not, but on Linux
 * a path that begins with `/proc/self/fd/N` does the same. So there the folder that the cursor is in is open, one inside
 * it is opened as what it is (a link is refused), and the way up is the folder's own `..`, which must be the folder that
 * was come from. No more than two are open, however deep the tree is, and paths are never too long.
 * Limits: elsewhere, and where `/proc` is not there, the cursor goes by paths. Node tells of the system no more.
 */
import { type BigIntStats, closeSync, constants, fstatSync, open, stat } from "node:fs";
import { sep } from "node:path";
import { descriptorClosed, inTurn } from "./descriptorLine.ts";
import { FileError } from "./errors.ts";
import { systemCall } from "./systemCall.ts";

/** @internal */
export interface TreeCursor {
  /** The folder that it is in, as errors name it. */
  readonly path: Buffer;
  /** That folder, for calls of the system. */
  readonly here: Buffer;
  /** Something in it, for calls of the system. */
  at(name: Buffer): Buffer;
  /**
   * Goes into a folder.
   *
   * **Cancellation:** it has gone, or not.
   *
   * @throws {@link FileError} when it cannot: it stays where it is
   */
  down(name: Buffer): Promise<void>;
  /** Goes back to the folder above. @throws {@link FileError} when that is another by now */
  up(): Promise<void>;
  close(): void;
}

const SEPARATOR = Buffer.from(sep);

/** What is in a folder. @internal */
export function inside(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, SEPARATOR, name]);
}

/**
 * A cursor in the folder at a path.
 *
 * **Cancellation:** one that was made is given, to be closed.
 *
 * @param operation that errors name
 * @internal
 */
export async function treeCursor(operation: string, path: Buffer): Promise<TreeCursor> {
  if (process.platform !== "linux") return new PathCursor(path);
  const cursor = await HeldCursor.in(operation, path);
  if (await cursor.works()) return cursor;
  cursor.close();
  return new PathCursor(path);
}

class PathCursor implements TreeCursor {
  path: Buffer;
  readonly #above: Buffer[] = [];

  constructor(path: Buffer) {
    this.path = path;
  }

  get here(): Buffer {
    return this.path;
  }

  at(name: Buffer): Buffer {
    return inside(this.path, name);
  }

  down(name: Buffer): Promise<void> {
    this.#above.push(this.path);
    this.path = inside(this.path, name);
    return Promise.resolve();
  }

  up(): Promise<void> {
    this.path = this.#above.pop() as Buffer;
    return Promise.resolve();
  }

  close(): void {}
}

/** A folder that was come from. */
interface Above {
  readonly path: Buffer;
  readonly identity: string;
}

const UP = Buffer.from("..");

class HeldCursor implements TreeCursor {
  path: Buffer;
  readonly #operation: string;
  #fd: number;
  readonly #above: Above[] = [];

  private constructor(operation: string, path: Buffer, fd: number) {
    this.#operation = operation;
    this.path = path;
    this.#fd = fd;
  }

  static async in(operation: string, path: Buffer): Promise<HeldCursor> {
    return new HeldCursor(operation, path, await openFolder(operation, path, path));
  }

  get here(): Buffer {
    return Buffer.from(`/proc/self/fd/${this.#fd}`);
  }

  at(name: Buffer): Buffer {
    return inside(this.here, name);
  }

  /** Whether the system knows such paths, and they lead where they should. */
  async works(): Promise<boolean> {
    const { here } = this;
    const there = await systemCall<BigIntStats | null>(this.#operation, String(this.path), (done) =>
      stat(here, { bigint: true }, (error, status) => done(null, error === null ? status : null)),
    );
    return there !== null && identityOf(there) === this.#identity();
  }

  async down(name: Buffer): Promise<void> {
    const path = inside(this.path, name);
    const fd = await openFolder(this.#operation, this.at(name), path);
    this.#above.push({ path: this.path, identity: this.#identity() });
    this.#move(fd, path);
  }

  async up(): Promise<void> {
    const { path, identity } = this.#above.pop() as Above;
    const below = this.path;
    this.#move(await this.#openAbove(path), path);
    if (this.#identity() === identity) return;
    const failure = { operation: this.#operation, path: String(below), code: "ESTALE" };
    throw new FileError("it was moved to another folder meanwhile", failure);
  }

  /** A folder that one may read but not go through has no way up: what is there by the path must be the same, too. */
  async #openAbove(path: Buffer): Promise<number> {
    try {
      return await openFolder(this.#operation, this.at(UP), path);
    } catch (error) {
      if (!(error instanceof FileError) || error.code !== "EACCES") throw error;
      return await openFolder(this.#operation, path, path);
    }
  }

  #move(fd: number, path: Buffer): void {
    this.close();
    this.#fd = fd;
    this.path = path;
  }

  #identity(): string {
    return identityOf(fstatSync(this.#fd, { bigint: true }));
  }

  /** At once: nothing is to be written. */
  close(): void {
    closeSync(this.#fd);
    descriptorClosed();
  }
}

function openFolder(operation: string, path: Buffer, name: Buffer): Promise<number> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  return inTurn(() =>
    systemCall<number>(operation, String(name), (done) => open(path, flags, 0, done)),
  );
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
