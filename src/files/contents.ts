/*
 * The contents of a file, copied into a new one.
 *
 * Strategy: a file system that can (Btrfs, XFS, APFS) makes a reflink: both files share their blocks until one is
 * written, at once and for nothing. Otherwise a small file is copied by the system in one call; a large one in pieces,
 * so that a cancel and who watches the progress need not wait for its end; while one piece is written, the next is read.
 * A file that has fewer blocks than its size asks for has holes: pieces of zeros stay holes in its copy.
 * Limits: holes are read, as zeros, for Node has no call that leaps over them; one that is smaller than a piece is filled.
 */
import { access, constants, copyFile, type Stats } from "node:fs";
import { rethrowIfCancelled } from "../core/errors.ts";
import { protect } from "../core/shield.ts";
import { inTurn } from "./descriptorLine.ts";
import { FileError, fileError } from "./errors.ts";
import { PlainFile } from "./plainFile.ts";
import { type Done, systemCall } from "./systemCall.ts";

/** Told how many bytes are copied, and how many there are; those may become more while a file grows. */
export type CopyProgress = (copied: number, total: number) => void;

/** Whether blocks are shared: where that can be (true), never (false), or not without (`"always"`). */
export type Reflink = boolean | "always";

/** Bytes that the system copies in one call, which nothing interrupts. */
const SMALL = 1024 * 1024;
const PIECE = 1024 * 1024;

/** These are about the file that is written. */
const OF_TARGET: ReadonlySet<string> = new Set(["EDQUOT", "EEXIST", "EFBIG", "ENOSPC", "EROFS"]);

const { COPYFILE_EXCL, COPYFILE_FICLONE, COPYFILE_FICLONE_FORCE, R_OK } = constants;

/** A copy of contents. @internal */
export interface ContentsCopy {
  /** The operation that errors name. */
  readonly operation: string;
  readonly source: string | Buffer;
  /** Where nothing is yet. */
  readonly target: string | Buffer;
  /** What errors call the target. */
  readonly name: string;
  /** Of the source. */
  readonly status: Stats;
  readonly reflink: Reflink;
  readonly progress?: CopyProgress | undefined;
}

/**
 * Makes a new file with the same contents and permissions.
 *
 * **Cancellation:** the new file may be there, or half there: whoever calls removes it.
 *
 * @internal
 */
export async function copyContents(copy: ContentsCopy): Promise<void> {
  const { status, reflink, progress } = copy;
  const { size } = status;
  if (reflink === "always") await copyAtOnce(copy, COPYFILE_FICLONE_FORCE);
  // What the system makes up when it is read (/proc) says that it is empty.
  else if (size > 0 && size <= SMALL) await copyAtOnce(copy, reflink ? COPYFILE_FICLONE : 0);
  else if (size === 0 || !reflink || !(await triesReflink(copy))) return await copyPieces(copy);
  progress?.(size, size);
}

async function copyAtOnce(copy: ContentsCopy, how: number): Promise<void> {
  const { operation, source, target, name } = copy;
  const call = (done: Done<void>): void => copyFile(source, target, COPYFILE_EXCL | how, done);
  try {
    await inTurn(() => systemCall<void>(operation, String(source), call));
  } catch (error) {
    if (!(error instanceof FileError) || !(await isOfTarget(copy, error.code))) throw error;
    throw fileError(operation, name, error.cause);
  }
}

/** Which of the two files one call was refused for, the system does not say. */
async function isOfTarget({ operation, source }: ContentsCopy, code: string): Promise<boolean> {
  if (code !== "EACCES") return OF_TARGET.has(code);
  return await systemCall<boolean>(operation, String(source), (done) =>
    access(source, R_OK, (error) => done(null, error === null)),
  );
}

async function triesReflink(copy: ContentsCopy): Promise<boolean> {
  try {
    await copyAtOnce(copy, COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    // Whatever else is wrong, the copy in pieces finds out.
    rethrowIfCancelled(error);
    return false;
  }
}

async function copyPieces(copy: ContentsCopy): Promise<void> {
  const { from, to } = await inTurn(() => openBoth(copy));
  try {
    await pump(from, to, copy);
    await to.chmod(copy.status.mode & 0o7777);
  } finally {
    await protect(async () => {
      await Promise.allSettled([from.close()]);
      await to.close();
    });
  }
}

/** Both or none: if each of many copies had one file and waited for the other, none would get on. */
async function openBoth({
  operation,
  source,
  target,
  name,
}: ContentsCopy): Promise<{ readonly from: PlainFile; readonly to: PlainFile }> {
  const from = await PlainFile.openNow(operation, source, "r");
  try {
    return { from, to: await PlainFile.openNow(operation, target, "wx", 0o600, name) };
  } catch (error) {
    await protect(() => from.close());
    throw error;
  }
}

async function pump(from: PlainFile, to: PlainFile, copy: ContentsCopy): Promise<void> {
  const sparse = hasHoles(copy.status);
  let position = 0;
  let [full, free] = [Buffer.allocUnsafeSlow(PIECE), Buffer.allocUnsafeSlow(PIECE)];
  let size = await from.read(full, 0);
  while (size > 0) {
    const piece = full.subarray(0, size);
    const write = sparse && isZero(piece) ? null : to.write(piece, position);
    position += size;
    const read = from.read(free, position);
    // Both have to end, whatever becomes of one of them: their file is closed next.
    const [written, count] = await Promise.allSettled([write, read]);
    if (written.status === "rejected") throw written.reason;
    if (count.status === "rejected") throw count.reason;
    copy.progress?.(position, Math.max(position, copy.status.size));
    size = count.value;
    [full, free] = [free, full];
  }
  // It may end with a hole.
  if (sparse) await to.truncate(position);
}

/** The system counts blocks of 512 bytes, whatever those of the disk are. */
function hasHoles({ blocks, size }: Stats): boolean {
  return 512 * blocks < size;
}

/** Whether the first byte is zero, and each as the one before it. */
function isZero(bytes: Buffer): boolean {
  return bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1));
}
