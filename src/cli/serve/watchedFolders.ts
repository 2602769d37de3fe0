/*
 * Which folders `--reload` watches: those that were named, or the program's own.
 */
import { existsSync, statSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import { UsageError } from "../usageError.ts";
import type { WatchedFolder } from "./folderWatch.ts";

/**
 * The folders: all files of those that were named; else the code below the folder of the module's `package.json`, as far
 * as that is not above where the command runs, and below the module's folder where it is.
 *
 * @param module the whole path of the module
 * @throws {@link UsageError} when one that was named is no folder
 */
export function watchedFolders(
  named: readonly string[],
  module: string,
  folder: string,
): WatchedFolder[] {
  if (named.length === 0)
    return [{ path: ownFolder(module, folder), everyFile: false, deep: true }];
  return named.map((name) => {
    const path = resolve(folder, name);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      throw new UsageError(`--reload-dir ${name}: there is no such folder`);
    }
    return { path, everyFile: true, deep: true };
  });
}

function ownFolder(module: string, folder: string): string {
  const own = dirname(module);
  const isWithin = (path: string): boolean => path === folder || path.startsWith(folder + sep);
  for (let path = own; isWithin(path); path = dirname(path)) {
    if (existsSync(resolve(path, "package.json"))) return path;
    if (path === dirname(path)) break;
  }
  return own;
}
