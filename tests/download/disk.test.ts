/**
 * A disk that takes no more stops the run.
 *
 * On real files and sockets; the disk is made to fail by replacing a call of Node's.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { DiskError, downloadAll, type DownloadResult } from "ambit/download";
import { expect, test } from "vitest";
import { Folder, noise, Site } from "./site.ts";

/** Has a call of `node:fs` fail with that code, from the given call on. */
function breakDisk(name: "renameSync" | "writeSync", code: string, from: number): Disposable {
  const original = fs[name] as (...args: unknown[]) => unknown;
  let calls = 0;
  const broken = (...args: unknown[]): unknown => {
    if (++calls < from) return original(...args);
    const error = Object.assign(new Error(`${code}: broken, ${name}`), { code, syscall: name });
    const callback = args.at(-1);
    if (typeof callback !== "function") throw error;
    return void setImmediate(callback as (error: Error) => void, error);
  };
  (fs as unknown as Record<string, unknown>)[name] = broken;
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]: () => {
      (fs as unknown as Record<string, unknown>)[name] = original;
      syncBuiltinESMExports();
    },
  };
}

test.each([
  ["writeSync", "ENOSPC", 100],
  ["renameSync", "EIO", 100],
  ["writeSync", "EDQUOT", 600_000],
] as const)(
  "a %s that fails with %s is the last result, and then an error",
  async (name, code, size) => {
    await using site = await Site.start();
    using folder = new Folder();
    const urls = Array.from({ length: 40 }, (_, n) => site.put(`/${n}`, noise(size)));
    const run = downloadAll(urls, { folder: folder.path, concurrency: 1 });
    const results: DownloadResult[] = [];
    using _ = breakDisk(name, code, 4);
    const reading = (async () => {
      for await (const result of run) results.push(result);
    })();
    const error = await reading.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DiskError);
    expect((error as DiskError).code).toBe(code);
    expect(results.at(-1)).toMatchObject({ outcome: "failed", error: { kind: "disk" } });
    expect(results.filter(({ outcome }) => outcome === "failed")).toHaveLength(1);
    expect(site.asked.size).toBeLessThan(8);
    expect(folder.files().filter((file) => file.endsWith(".part"))).toEqual([]);
    expect(await run.next()).toEqual({ done: true, value: undefined });
  },
);

test("a folder or a journal that cannot be used is an error before anything is asked for", async () => {
  await using site = await Site.start();
  using folder = new Folder();
  fs.writeFileSync(join(folder.path, "file"), "");
  const url = site.put("/a", "a");
  for (const options of [
    { folder: join(folder.path, "file/below") },
    { folder: folder.path, journal: join(folder.path, "none/journal") },
  ]) {
    const run = downloadAll([url], options);
    await expect(run.next()).rejects.toBeInstanceOf(DiskError);
    expect(await run.next()).toEqual({ done: true, value: undefined });
  }
  expect(site.asked.size).toBe(0);
});
