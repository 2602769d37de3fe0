/**
 * What `--reload` hears of. Real folders and real time, for it is the system that tells of changes.
 */
import { run, sleep, timeout } from "ambit";
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FolderWatch } from "../../../src/cli/serve/folderWatch.ts";
import { watchedFolders } from "../../../src/cli/serve/watchedFolders.ts";

let folder: string;
const notes: string[] = [];
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "ambit-watch-")));
  notes.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text = "x"): void {
  writeFileSync(join(folder, name), text);
}

/** Watches the folder while the body runs. */
function watching(
  body: (watch: FolderWatch, next: () => Promise<readonly string[]>) => Promise<void>,
  everyFile = false,
): Promise<void> {
  return run(async () => {
    using watch = new FolderWatch(folder, (text) => notes.push(text));
    watch.add({ path: folder, everyFile, deep: true });
    await body(watch, () => timeout(10_000, () => watch.changes()));
    expect(notes).toEqual([]);
  });
}

test("tells of code that was written, once, when it is quiet", () =>
  watching(async (_, next) => {
    write("a.js");
    write("b.ts");
    write("a.js", "y");
    expect((await next()).toSorted()).toEqual(["a.js", "b.ts"]);
  }));

test("tells of files in folders that appear, and of those that are renamed into place", () =>
  watching(async (watch, next) => {
    mkdirSync(join(folder, "lib/deep"), { recursive: true });
    write("lib/deep/c.mjs");
    expect(await next()).toContain("lib/deep/c.mjs");
    expect(watch.folders).toBe(3);
    write("lib/deep/c.mjs.tmp");
    renameSync(join(folder, "lib/deep/c.mjs.tmp"), join(folder, "lib/deep/c.mjs"));
    expect(await next()).toEqual(["lib/deep/c.mjs"]);
  }));

test("leaves out packages, dot folders and what is no code, but not `.env`", async () => {
  mkdirSync(join(folder, "node_modules"));
  mkdirSync(join(folder, ".git"));
  await watching(async (watch, next) => {
    expect(watch.folders).toBe(1);
    for (const name of ["node_modules/a.js", ".git/b.js", "log.txt", ".hidden.js~"]) write(name);
    await sleep(150);
    write(".env");
    expect(await next()).toEqual([".env"]);
  });
});

test("tells of every file where that is asked for", () =>
  watching(async (_, next) => {
    write("page.html");
    expect(await next()).toEqual(["page.html"]);
  }, true));

test("loses nothing of what happens while nobody waits", () =>
  watching(async (_, next) => {
    write("a.js");
    await sleep(200);
    expect(await next()).toEqual(["a.js"]);
  }));

test("forgets folders that go", () =>
  watching(async (watch, next) => {
    mkdirSync(join(folder, "lib"));
    write("lib/a.js");
    await next();
    expect(watch.folders).toBe(2);
    rmSync(join(folder, "lib"), { recursive: true });
    while (watch.folders > 1) await sleep(5);
  }));

test("the folder of the nearest package.json is the program's, within where the command runs", () => {
  mkdirSync(join(folder, "app/src"), { recursive: true });
  const module = join(folder, "app/src/app.js");
  const of = (...named: string[]): string[] =>
    watchedFolders(named, module, folder).map(({ path }) => path);
  expect(of()).toEqual([join(folder, "app/src")]);
  write("app/package.json", "{}");
  expect(of()).toEqual([join(folder, "app")]);
  expect(watchedFolders([], module, join(folder, "app/src"))).toMatchObject([
    { path: join(folder, "app/src"), everyFile: false },
  ]);
  expect(of("app")).toEqual([join(folder, "app")]);
  expect(() => of("nowhere")).toThrow("--reload-dir nowhere: there is no such folder");
});
