/*
 * atomicWrite: a file as a whole, or not at all.
 *
 * Strategy: written as a draft beside the file, flushed to the disk, put in its place in one step (`draft.ts`).
 */
import { wrongType } from "../core/arguments.ts";
import { protect } from "../core/shield.ts";
import { expectItems, ItemSource } from "../flow/itemSource.ts";
import { expectMode } from "./attributes.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import type { PlainFile } from "./plainFile.ts";
import { Draft } from "./draft.ts";
import { type Piece, PieceWriter } from "./pieceWriter.ts";

/** How a file is written. */
export interface AtomicWriteOptions {
  /**
   * Whether to wait until the content is on the disk, before it takes its place, and then the name. Default true. Without
   * it, a power cut soon after may leave an empty file; a crash of the process never does.
   */
  readonly fsync?: boolean;
  /** Permission bits, exactly these. Default: those of the file that is replaced; for a new one, 0o666 less the umask. */
  readonly mode?: number;
}

/**
 * Writes a file as a whole: whoever reads it finds what was there before, or all of the new, at any time and after any
 * crash. Of several at a time, the one that ends last stays.
 *
 * A file that is there keeps its permissions and, where the process may give files away, its owner. A symbolic link stays,
 * and what it leads to is written. Devices, pipes and folders are refused.
 *
 * **Cancellation:** the old file stays as it was, and nothing is left beside it; from the moment when the new one takes
 * its place, it waits until that is done.
 *
 * @param body text (as UTF-8), bytes, or an iterable or async iterable of such pieces, which are written as they come
 * @throws {@link FileError} `ENOENT` when the folder is missing, `ENOSPC`, `EACCES`, `EISDIR`; the old file is untouched
 * @throws what the iterable throws
 * @throws TypeError when the body, or a piece of it, is neither text nor bytes
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { atomicWrite, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * const path = `${folder.path}/settings.json`;
 * await atomicWrite(path, JSON.stringify({ theme: "dark" }));
 * await readFile(path, "utf8"); // => '{"theme":"dark"}'
 * ```
 */
export async function atomicWrite(
  path: FilePath,
  body: Piece | Iterable<Piece> | AsyncIterable<Piece>,
  options: AtomicWriteOptions = {},
): Promise<void> {
  expectPath("path", path);
  const { fsync = true, mode } = options;
  if (typeof fsync !== "boolean") throw wrongType("options.fsync", "true or false", fsync);
  if (mode !== undefined) expectMode("options.mode", mode);
  const pieces = typeof body === "string" || body instanceof Uint8Array ? [body] : body;
  expectItems("body", pieces);
  const draft = await Draft.for("atomicWrite", pathOf(path));
  try {
    await fill(draft, pieces, { fsync, mode });
    await draft.commit({ fsync, replace: true });
  } finally {
    await draft.discard();
  }
}

async function fill(
  draft: Draft,
  pieces: Iterable<Piece> | AsyncIterable<Piece>,
  { fsync, mode }: { readonly fsync: boolean; readonly mode: number | undefined },
): Promise<void> {
  const file = await draft.create(mode);
  try {
    const writer = new PieceWriter(file);
    await copyPieces(new ItemSource(pieces), writer);
    await finish(draft, file, fsync, mode);
  } finally {
    await protect(() => file.close());
  }
}

async function finish(
  draft: Draft,
  file: PlainFile,
  fsync: boolean,
  mode: number | undefined,
): Promise<void> {
  await draft.adopt(file, mode);
  if (fsync) await file.sync();
}

async function copyPieces(source: ItemSource<Piece>, writer: PieceWriter): Promise<void> {
  try {
    const pull = source.synchronous ? () => source.pullNow() : () => source.pull();
    for (let next = await pull(); next.done !== true; next = await pull())
      await writer.add(next.value);
    await writer.finish();
  } finally {
    await source.close();
  }
}
