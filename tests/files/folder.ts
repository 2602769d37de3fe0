/**
 * A folder of its own for each test that asks for one; all are removed at the end of the file.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export const WINDOWS = process.platform === "win32";

/** Gives the path of a name in a new folder. */
export function folders(): (name?: string) => string {
  const made: string[] = [];
  afterAll(() => {
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
  });
  return (name = "file") => {
    const folder = mkdtempSync(join(tmpdir(), "ambit-files-"));
    made.push(folder);
    return join(folder, name);
  };
}

/** Gives the path of a new file with that content. */
export function filesWith(fresh: () => string): (content: string | Uint8Array) => string {
  return (content) => {
    const path = fresh();
    writeFileSync(path, content);
    return path;
  };
}
