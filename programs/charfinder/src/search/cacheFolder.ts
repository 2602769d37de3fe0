/*
 * The folder where the index is kept between runs: the user's own, as the XDG base directory specification has it.
 *
 * Nothing depends on it: without a folder that can be written, the index is made anew each time.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** Where programs keep what they can make again; `$XDG_CACHE_HOME` counts when it's absolute. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const given = env["XDG_CACHE_HOME"] ?? "";
  const base = isAbsolute(given) ? given : join(env["HOME"] ?? homedir(), ".cache");
  return join(base, "charfinder");
}

/** A file of the folder; null when it's not there, or cannot be read. */
export function readCached(folder: string, name: string): Buffer | null {
  try {
    return readFileSync(join(folder, name));
  } catch {
    return null;
  }
}

/**
 * Keeps a file in the folder, as a whole or not at all: others may read it, or write the same, meanwhile. Tells whether
 * that could be done.
 */
export function writeCached(folder: string, name: string, bytes: Uint8Array): boolean {
  const file = join(folder, name);
  const draft = `${file}.${process.pid}.${Date.now().toString(36)}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(draft, bytes, { flag: "wx" });
    renameSync(draft, file);
    return true;
  } catch {
    removeDraft(draft);
    return false;
  }
}

/** Where nothing can be written, there may be nothing that can be removed, either. */
function removeDraft(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch {
    // Then there is none.
  }
}
