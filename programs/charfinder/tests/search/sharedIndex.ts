/*
 * The index that tests look into: made once for all of them, and kept in a folder of the machine's for temporary files,
 * so that the next run has it at once.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { CharacterIndex } from "../../src/search/characterIndex.ts";
import { loadIndex } from "../../src/search/loadIndex.ts";

/** Where it is kept; programs that tests start get it as XDG_CACHE_HOME. */
export const testCache: string = join(tmpdir(), `charfinder-tests-${process.getuid?.() ?? ""}`);

let index: Promise<CharacterIndex> | null = null;

export function sharedIndex(): Promise<CharacterIndex> {
  index ??= loadIndex(join(testCache, "charfinder")).then((loaded) => loaded.index);
  return index;
}
