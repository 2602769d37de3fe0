/*
 * The index, from the cache when it's there, else made and kept for the next time.
 *
 * The reading is synchronous: a file of two megabytes takes two milliseconds, and nothing can be done without it.
 */
import { dataVersion } from "../names/unicodeData.ts";
import { cacheFolder, readCached, writeCached } from "./cacheFolder.ts";
import { CharacterIndex } from "./characterIndex.ts";
import { decodeIndex, encodeIndex, SCHEMA } from "./indexFile.ts";
import type { IndexTables } from "./indexTables.ts";

/** Where the index came from. */
export interface LoadedIndex {
  readonly index: CharacterIndex;
  readonly from: "cache" | "data";
}

/** Loads the index; `folder` is where it's kept. */
export async function loadIndex(folder: string = cacheFolder()): Promise<LoadedIndex> {
  const version = dataVersion();
  const name = `names-${version}-${SCHEMA}.index`;
  const cached = readCached(folder, name);
  const tables = cached && decodeIndex(cached, version);
  if (tables) return { index: new CharacterIndex(tables), from: "cache" };
  const built = await makeIndex();
  writeCached(folder, name, encodeIndex(built, version));
  return { index: new CharacterIndex(built), from: "data" };
}

/** What makes it is loaded only when it has to be made. */
async function makeIndex(): Promise<IndexTables> {
  const [{ readUnicodeData }, { buildIndex }] = await Promise.all([
    import("../names/unicodeData.ts"),
    import("./buildIndex.ts"),
  ]);
  return buildIndex(await readUnicodeData());
}
