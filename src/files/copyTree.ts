/*
 * copyTree: a folder with all that is in it, copied as a whole or not at all.
 *
 * Strategy: the copy is made beside its place, under a name that nobody knows, and gets its name when it is complete.
 * Where it is merged into a folder that is there, each file is put in its place as a whole, but the tree grows file by
 * file. Depth first; the files of a folder several at a time. Names are handled as the bytes that the system has.
 * A folder gets its permissions and times when all is in it: it may be one that nobody may write to.
 */
import { realpath, rename, rmSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { expectFunction, expectInteger } from "../core/arguments.ts";
import { protect } from "../core/shield.ts";
import { expectCopyOptions } from "./copyFile.ts";
import { FileError } from "./errors.ts";
import { atProcessExit } from "./exitCleanup.ts";
import { placeOf } from "./place.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { rmtree } from "./rmtree.ts";
import { systemCall } from "./systemCall.ts";
import { randomName } from "./temporaryName.ts";
import { TreeCopy } from "./treeCopy.ts";
import type { TreeOptions } from "./treeOptions.ts";

/** How a tree is copied, and where to. */
export interface CopyTreeOptions extends TreeOptions {
  /** Whether the folder may be there already: then the copy is merged into it, and files are replaced. Default false. */
  readonly dirsExistOk?: boolean;
}

/**
 * Copies a folder with everything below it: contents, permissions, links as links (`shutil.copytree`). Nothing may be at
 * the target, unless `dirsExistOk`; the folder above it must be there.
 *
 * **Cancellation:** there is no copy then. Only of one that is merged into a folder that was there, the files stay that
 * were complete.
 *
 * @throws {@link FileError} `EEXIST` when there is something at the target; `EINVAL` when the target lies in the tree, or
 * something in it is neither file, folder nor link (leave that out by `filter`); `ENOENT`, `EACCES`, `ENOSPC`; `ELOOP` when
 * a link that is followed leads back to a folder that it lies in
 *
 * @example
 * ```ts
 * import { copyTree, listdir, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await copyTree(".changeset", `${folder.path}/copy`, { filter: ({ name }) => name.endsWith(".json") });
 * await listdir(`${folder.path}/copy`); // => ["config.json"]
 * ```
 */
export async function copyTree(
  source: FilePath,
  target: FilePath,
  options: CopyTreeOptions = {},
): Promise<void> {
  expectPath("source", source);
  expectPath("target", target);
  expectTreeOptions(options);
  await copyTreeFor("copyTree", source, target, options);
}

/**
 * @param operation that errors name
 * @internal
 */
export async function copyTreeFor(
  operation: string,
  source: FilePath,
  target: FilePath,
  options: CopyTreeOptions,
): Promise<void> {
  const from = pathOf(source);
  const { path: to, status: existing } = await placeOf(operation, pathOf(target));
  await expectOutside(operation, from, to);
  if (existing?.isDirectory() === true && options.dirsExistOk === true) {
    await new TreeCopy(operation, options, true).copy(from, to);
  } else if (existing === null) {
    await copyToNew(operation, from, to, options);
  } else {
    const words = existing.isDirectory() ? "there is a folder of that name" : "it is no folder";
    throw new FileError(words, { operation, path: to, code: "EEXIST" });
  }
}

function expectTreeOptions(options: CopyTreeOptions): void {
  const { reflink = true, filter, limit = 8, progress } = options;
  expectCopyOptions({ reflink });
  if (filter !== undefined) expectFunction("options.filter", filter);
  if (progress !== undefined) expectFunction("options.progress", progress);
  expectInteger("options.limit", limit, 1);
}

/** A tree that is copied into itself has no end. */
async function expectOutside(operation: string, source: string, target: string): Promise<void> {
  const real = await realPathOf(operation, source);
  const place = join(await realPathOf(operation, dirname(target)), basename(target));
  const above = real.endsWith(sep) ? real : real + sep;
  if (place !== real && !place.startsWith(above)) return;
  const failure = { operation, path: target, code: "EINVAL" };
  throw new FileError(`it lies in ${source}, which is to be copied`, failure);
}

function realPathOf(operation: string, path: string): Promise<string> {
  return systemCall<string>(operation, path, (done) => realpath.native(path, "utf8", done));
}

async function copyToNew(
  operation: string,
  source: string,
  target: string,
  options: CopyTreeOptions,
): Promise<void> {
  const draft = join(dirname(target), `.ambit-${randomName()}.tmp`);
  const takeBack = atProcessExit(() => rmSync(draft, { recursive: true, force: true }));
  try {
    await new TreeCopy(operation, options, false).copy(source, draft, target);
    await systemCall<void>(operation, target, (done) => rename(draft, target, done));
  } catch (error) {
    await protect(() => rmtree(draft, { missingOk: true }));
    throw error;
  } finally {
    takeBack();
  }
}
