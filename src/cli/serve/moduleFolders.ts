/*
 * The folders that a program's code is loaded from.
 *
 * Strategy: a hook of Node's that sees every module before it is loaded, imported or required (Node.js 22.15 and newer).
 * Where there is none, nothing is told, and the program's own folder has to do.
 */
import module from "node:module";
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";

type Load = (
  url: string,
  context: object,
  next: (url: string, context: object) => unknown,
) => unknown;

interface WithHooks {
  registerHooks?(hooks: { readonly load: Load }): unknown;
}

/** Tells of each folder once, from now on. Packages (`node_modules`) are left out. */
export function reportFolders(tell: (folder: string) => void): void {
  const known = new Set<string>();
  (module as WithHooks).registerHooks?.({
    load(url, context, next) {
      const folder = folderOf(url);
      if (folder !== null && !known.has(folder)) {
        known.add(folder);
        tell(folder);
      }
      return next(url, context);
    },
  });
}

function folderOf(url: string): string | null {
  if (!url.startsWith("file:")) return null;
  const folder = dirname(fileURLToPath(url));
  return folder.split(sep).includes("node_modules") ? null : folder;
}
