/**
 * Folders with something in them.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Gives the path of a new folder with these files, whose contents are their paths. */
export function treesWith(fresh: (name: string) => string): (...paths: string[]) => string {
  return (...paths) => {
    const top = fresh("tree");
    mkdirSync(top);
    for (const path of paths) {
      mkdirSync(join(top, dirname(path)), { recursive: true });
      writeFileSync(join(top, path), path);
    }
    return top;
  };
}

/** All that is below a folder, by its path from there. */
export function listing(top: string): string[] {
  return readdirSync(top, { recursive: true, encoding: "utf8" }).sort();
}
