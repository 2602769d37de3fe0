/*
 * The SHA-256 of every file below a folder, by as many threads as there are processors: `sha256sum` for trees.
 *
 * The walk, the line of files that wait for a thread, and the threads hold each other back: however large the tree is, a few
 * hundred names are in memory. Ctrl-C ends all of it in an orderly way: calls that wait are dropped, those that run
 * have a second to end, then their threads are ended.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { mapConcurrent, run } from "ambit";
import { makedirs, walk } from "ambit/files";
import { ThreadPoolExecutor } from "ambit/futures";

/** How many files wait for a thread, or are with one. */
const AHEAD = 64;

interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

async function* filesBelow(folder: string): AsyncGenerator<string, void> {
  for await (const entry of walk(folder)) if (entry.isFile()) yield entry.path;
}

/** Calls back with each file's hash, in the order in which they are ready; tells how many there were. */
async function hashTree(
  folder: string,
  told: (path: string, hash: string) => void,
): Promise<number> {
  await using pool = new ThreadPoolExecutor({ threadNamePrefix: "hasher" });
  const { hashFile } = pool.module<typeof import("./hashWorker.mjs")>(
    new URL("hashWorker.mjs", import.meta.url),
  );
  const hashes = mapConcurrent(
    filesBelow(folder),
    async (path) => [path, await hashFile(path)] as const,
    { limit: AHEAD, ordered: false },
  );
  let count = 0;
  for await (const [path, hash] of hashes) {
    count++;
    told(path, hash);
  }
  return count;
}

async function hashAll(folder: string, out: Output): Promise<void> {
  const progress = process.stderr.isTTY ? process.stderr : null;
  let done = 0;
  const count = await hashTree(folder, (path, hash) => {
    out.write(`${hash}  ${relative(folder, path)}\n`);
    if (++done % 50 === 0) progress?.write(`\r${done} files`);
  });
  progress?.write(`\r${count} files\n`);
}

/** A small tree to hash, when nobody has named one. */
async function demonstrate(out: Output): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hasher-"));
  try {
    await makedirs(join(folder, "b", "c"));
    await writeFile(join(folder, "a.txt"), "hello\n");
    await writeFile(join(folder, "b", "c", "zeros.bin"), Buffer.alloc(3_000_000));
    await writeFile(join(folder, "b", "empty"), "");
    const lines: string[] = [];
    const count = await hashTree(folder, (path, hash) => {
      lines.push(`${hash.slice(0, 16)}…  ${relative(folder, path)}\n`);
    });
    out.write(lines.sort((one, other) => (one.slice(19) < other.slice(19) ? -1 : 1)).join(""));
    out.write(`${count} files\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param folder what to hash; left out, a small tree of its own */
export async function main(out: Output, folder?: string): Promise<void> {
  await run(() => (folder === undefined ? demonstrate(out) : hashAll(folder, out)));
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout, process.argv[2]);

/* Output:
 * 5891b5b522d5df08…  a.txt
 * 35bce4eae54ec8e6…  b/c/zeros.bin
 * e3b0c44298fc1c14…  b/empty
 * 3 files
 */
