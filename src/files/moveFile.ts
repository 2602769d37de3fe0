/*
 * moveFile: a file or folder to another place, on whatever file system that is.
 *
 * Strategy: within a file system by renaming, which is one step. To another one by a copy that is whole, with its times,
 * and the removal of what was copied when the copy has its place.
 * A file that has both names, or one that two mounts show, stays as it is, as by `rename`: its copy would take its place,
 * and be removed then.
 * Limits: a process that is killed between these two leaves both. Owner, access lists and extended attributes do not move
 * to another file system.
 */
import { lstat, readlink, rename, type Stats, symlink, unlink } from "node:fs";
import { protect } from "../core/shield.ts";
import { copyTreeFor } from "./copyTree.ts";
import { Draft } from "./draft.ts";
import { FileError } from "./errors.ts";
import { fillDraft } from "./fillDraft.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { statusAt } from "./place.ts";
import { rmtree } from "./rmtree.ts";
import { type Done, systemCall } from "./systemCall.ts";

/**
 * Moves a file, a link or a folder (`shutil.move`), also to another file system. A file or link at the target is replaced;
 * the target is the new path, not a folder to move into. When both are names of one file, nothing happens, and both stay.
 *
 * **Cancellation:** nothing has moved; or, when the new place is taken already, all has.
 *
 * @throws {@link FileError} `ENOENT`, `EACCES`, `ENOTEMPTY` or `EEXIST` when a folder is in the way. When the copy on another
 * file system is complete but what was copied cannot be removed, there are both
 *
 * @example
 * ```ts
 * import { atomicWrite, listdir, moveFile, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await atomicWrite(`${folder.path}/draft`, "text");
 * await moveFile(`${folder.path}/draft`, `${folder.path}/letter`);
 * await listdir(folder.path); // => ["letter"]
 * ```
 */
export async function moveFile(source: FilePath, target: FilePath): Promise<void> {
  expectPath("source", source);
  expectPath("target", target);
  const [from, to] = [pathOf(source), pathOf(target)];
  try {
    await callFor<void>(from, (done) => rename(from, to, done));
  } catch (error) {
    if (!(error instanceof FileError) || error.code !== "EXDEV") throw error;
    await moveAcross(from, to);
  }
}

function callFor<T>(path: string, begin: (done: Done<T>) => void): Promise<T> {
  return systemCall<T>("moveFile", path, begin);
}

async function moveAcross(from: string, to: string): Promise<void> {
  const status = await callFor<Stats>(from, (done) => lstat(from, done));
  const there = await statusAt("moveFile", to);
  if (there !== null && there.dev === status.dev && there.ino === status.ino) return;
  if (status.isDirectory()) {
    await copyTreeFor("moveFile", from, to, { preserve: true });
    await protect(() => rmtree(from));
    return;
  }
  await copyAcross(from, to, status);
  await protect(() => callFor<void>(from, (done) => unlink(from, done)));
}

async function copyAcross(from: string, to: string, status: Stats): Promise<void> {
  const draft = await Draft.for("moveFile", to, false);
  try {
    if (status.isSymbolicLink()) await copyLink(from, draft);
    else if (status.isFile())
      await fillDraft(draft, { operation: "moveFile", source: from, status, preserve: true });
    else throw noFile(from);
    await draft.commit({ fsync: false, replace: true });
  } finally {
    await draft.discard();
  }
}

async function copyLink(from: string, draft: Draft): Promise<void> {
  const text = await callFor<string>(from, (done) => readlink(from, "utf8", done));
  await callFor<void>(from, (done) => symlink(text, draft.path, null, done));
}

function noFile(path: string): FileError {
  const words = "it is neither a file nor a folder nor a link, and stays on its file system";
  return new FileError(words, { operation: "moveFile", path, code: "EXDEV" });
}
