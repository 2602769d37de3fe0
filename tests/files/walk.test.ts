/**
 * scandir and walk, on real folders, some of which change while they are read.
 */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { inspect } from "node:util";
import { moveOnAfter, run } from "ambit";
import { type FileError, readlink, scandir, walk, type WalkOptions } from "ambit/files";
import { runSubprocess } from "ambit/subprocess";
import { cancelEverywhere } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { folders } from "./folder.ts";

const fresh = folders();

/** Makes files, named by their paths; those that end with `/` are folders. */
function tree(...paths: string[]): string {
  const top = dirname(fresh());
  for (const path of paths) {
    mkdirSync(join(top, path.endsWith("/") ? path : dirname(path)), { recursive: true });
    if (!path.endsWith("/")) writeFileSync(join(top, path), "");
  }
  return top;
}

async function walked(top: string, options: WalkOptions = {}): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of walk(top, options)) paths.push(relative(top, entry.path));
  return paths;
}

/** How many folders this process has open below `top`, as Linux tells. */
async function openFolders(top: string): Promise<number> {
  let count = 0;
  for await (const { path } of scandir("/proc/self/fd")) {
    const to = await readlink(path).catch(() => "");
    if (to.startsWith(top)) count++;
  }
  return count;
}

describe("scandir", () => {
  test("tells names, kinds and paths, and links as links", async () => {
    const top = tree("file", "folder/");
    symlinkSync("folder", join(top, "link"));
    const found: string[] = [];
    for await (const entry of scandir(top)) {
      expect(entry.path).toBe(join(top, entry.name));
      found.push(
        `${entry.name} ${entry.kind} ${entry.isFile()} ${entry.isDir()} ${entry.isSymlink()}`,
      );
    }
    expect(found.sort()).toEqual([
      "file file true false false",
      "folder directory false true false",
      "link symlink false false true",
    ]);
  });

  test("an entry gives its status, links followed or not", async () => {
    const top = tree("file");
    symlinkSync("file", join(top, "link"));
    for await (const entry of scandir(top)) {
      expect((await entry.stat()).isFile()).toBe(true);
      expect((await entry.stat({ followSymlinks: false })).isFile()).toBe(entry.isFile());
    }
  });

  test("fails with the first step, and is then over", async () => {
    const entries = scandir(fresh("missing"));
    await expect(entries.next()).rejects.toMatchObject({ operation: "scandir", code: "ENOENT" });
    expect(await entries.next()).toEqual({ done: true, value: undefined });
  });

  test("steps that are asked for together each get another entry", async () => {
    const top = tree(...Array.from({ length: 600 }, (_, n) => `f${n}`));
    const entries = scandir(top);
    const steps = await Promise.all(Array.from({ length: 601 }, () => entries.next()));
    const names = new Set(steps.map(({ value }) => value?.name));
    expect(names.size).toBe(601);
    expect(steps.filter(({ done }) => done === true)).toHaveLength(1);
  });

  test.skipIf(process.platform !== "linux")("closes the folder when it is left", async () => {
    const top = tree(...Array.from({ length: 600 }, (_, n) => `f${n}`));
    for await (const entry of scandir(top)) if (entry.name !== "") break;
    {
      await using entries = scandir(top);
      await entries.next();
      expect(await openFolders(top)).toBe(1);
    }
    expect(await openFolders(top)).toBe(0);
  });
});

describe("walk", () => {
  const PATHS = ["a/b/c/file", "a/file", "d/", "file"];
  const ALL = ["a", "a/b", "a/b/c", "a/b/c/file", "a/file", "d", "file"];

  test.each([1, 8])(
    "tells everything below, folders before what is in them (limit %i)",
    async (limit) => {
      const paths = await walked(tree(...PATHS), { limit });
      expect([...paths].sort()).toEqual(ALL);
      for (const path of paths) expectBefore(paths, dirname(path), path);
    },
  );

  test.each([1, 8])("bottom-up, folders come after what is in them (limit %i)", async (limit) => {
    const paths = await walked(tree(...PATHS), { topDown: false, limit });
    expect([...paths].sort()).toEqual(ALL);
    for (const path of paths) expectBefore(paths, path, dirname(path));
  });

  function expectBefore(paths: string[], first: string, second: string): void {
    if (first === "." || second === ".") return;
    expect(paths.indexOf(first), `${first} before ${second}`).toBeLessThan(paths.indexOf(second));
  }

  test("tells how deep each is", async () => {
    const depths: Record<string, number> = {};
    for await (const { name, depth } of walk(tree("a/b/c"))) depths[name] = depth;
    expect(depths).toEqual({ a: 1, b: 2, c: 3 });
  });

  test("does not go into what `enter` refuses", async () => {
    const top = tree("node_modules/x/y", "src/z");
    const paths = await walked(top, { enter: ({ name }) => name !== "node_modules" });
    expect(paths.sort()).toEqual(["node_modules", "src", "src/z"]);
  });

  test("does not follow links, unless asked", async () => {
    const top = tree("real/file", "walked/");
    symlinkSync("../real", join(top, "walked/link"));
    expect(await walked(join(top, "walked"))).toEqual(["link"]);
    const followed = await walked(join(top, "walked"), { followSymlinks: true });
    expect(followed).toEqual(["link", "link/file"]);
  });

  test("comes to an end when links go round in a circle, to files, or nowhere", async () => {
    const top = tree("a/b/file");
    symlinkSync("..", join(top, "a/b/up"));
    symlinkSync("../..", join(top, "a/b/top"));
    symlinkSync("itself", join(top, "a/itself"));
    symlinkSync("file", join(top, "a/b/to the file"));
    symlinkSync("nowhere", join(top, "a/dangling"));
    const errors: string[] = [];
    const onError = ({ code }: FileError): void => void errors.push(code);
    for (const topDown of [true, false]) {
      const paths = await walked(top, { followSymlinks: true, topDown, onError });
      expect(paths.sort()).toEqual(
        [
          "a",
          "a/b",
          "a/b/file",
          "a/b/to the file",
          "a/b/top",
          "a/b/up",
          "a/dangling",
          "a/itself",
        ].sort(),
      );
    }
    expect(errors).toEqual(["ELOOP", "ELOOP"]);
  });

  test("two links to one folder are both gone into", async () => {
    const top = tree("real/file");
    for (const name of ["one", "two"]) symlinkSync("real", join(top, name));
    const paths = await walked(top, { followSymlinks: true });
    expect(paths.sort()).toEqual(["one", "one/file", "real", "real/file", "two", "two/file"]);
  });

  test("fails for a top that is missing, or no folder", async () => {
    await expect(walked(fresh("missing"))).rejects.toMatchObject({
      operation: "walk",
      code: "ENOENT",
    });
    await expect(walked(join(tree("file"), "file"))).rejects.toMatchObject({ code: "ENOTDIR" });
    const ignore = { onError: () => {} };
    await expect(walked(fresh("missing"), ignore)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("what `enter` and `onError` throw ends it", async () => {
    const enter = (): boolean => {
      throw new RangeError("no");
    };
    await expect(walked(tree("a/b"), { enter })).rejects.toThrow(RangeError);
  });

  test.skipIf(process.platform === "win32")("tells of folders that may not be read", async () => {
    const top = tree("closed/file", "open/file");
    chmodSync(join(top, "closed"), 0);
    chmodSync(top, 0o755);
    const program = `
      import { walk } from "ambit/files";
      if (process.getuid() === 0) process.setuid(65534); // Root may read all.
      const walked = async (options) => {
        const names = [];
        for await (const { name } of walk(${JSON.stringify(top)}, options)) names.push(name);
        return names.sort().join();
      };
      await walked().catch(({ operation, code }) => console.log(operation, code));
      const onError = ({ path }) => console.log(path);
      console.log(await walked({ onError }));
    `;
    const { out, err } = await runProgram(program);
    chmodSync(join(top, "closed"), 0o700);
    expect([out, err]).toEqual([`walk EACCES\n${join(top, "closed")}\nclosed,file,open\n`, ""]);
  });

  test.skipIf(process.platform === "win32")(
    "waits for descriptors when there are few",
    async () => {
      const top = tree(...Array.from({ length: 200 }, (_, n) => `d${n}/file`));
      const program = `
        import { closeSync, openSync } from "node:fs";
        import { copyTree, temporaryDirectory, walk } from "ambit/files";
        const folder = await temporaryDirectory();
        const taken = [];
        try {
          for (;;) taken.push(openSync("/dev/null"));
        } catch {}
        for (const fd of taken.splice(0, 6)) closeSync(fd);
        await copyTree(${JSON.stringify(top)}, folder.path + "/copy", { limit: 100 });
        let files = 0;
        const lists = [1, 2, 3].map(async () => {
          for await (const entry of walk(folder.path, { limit: 100 })) files += entry.isFile();
        });
        await Promise.all(lists);
        console.log(files);
        await folder.cleanup();
      `;
      const shell = 'ulimit -n 300; exec "$0" --input-type=module --eval "$1"';
      const { stdout, stderr } = await run(() =>
        runSubprocess("sh", ["-c", shell, process.execPath, program], { encoding: "utf8" }),
      );
      expect([stdout, stderr]).toEqual(["600\n", ""]);
    },
  );

  test("an iterator says what it is", async () => {
    const top = tree("file");
    const entries = walk(top);
    expect(inspect(entries)).toBe(`<walk '${top}'>`);
    await entries.return();
    expect(inspect(entries)).toBe(`<walk '${top}' closed>`);
    expect(inspect(scandir(top))).toBe(`<scandir '${top}'>`);
  });

  test("goes on when what it has seen is removed meanwhile", async () => {
    const top = tree(...Array.from({ length: 20 }, (_, n) => `f${n}/inner/file`));
    const seen: string[] = [];
    for await (const { path, depth } of walk(top, { limit: 1 })) {
      if (depth === 1) seen.push(path);
      if (seen.length === 5) rmSync(top, { recursive: true, force: true });
    }
    expect(seen.length).toBeGreaterThanOrEqual(5);
  });

  test("goes through a tree that is deeper than stacks are", async () => {
    const deep = "d/".repeat(500);
    const paths = await walked(tree(deep), { topDown: false });
    expect(paths).toHaveLength(500);
    expect(paths[0]).toBe(deep.slice(0, -1));
  });

  test.skipIf(process.platform !== "linux")(
    "closes its folders when it is left or cancelled",
    async () => {
      const top = tree(...Array.from({ length: 700 }, (_, n) => `${n % 7}/f${n}`));
      for await (const { depth } of walk(top)) if (depth === 2) break;
      const enter = (): boolean => {
        throw new RangeError("no");
      };
      await expect(walked(top, { enter })).rejects.toThrow(RangeError);
      expect(await openFolders(top)).toBe(0);
      const points = await cancelEverywhere(async () => {
        for await (const entry of walk(top, { limit: 3 })) expect(entry.name).not.toBe("");
      });
      expect(points).toBeGreaterThan(20);
      expect(await openFolders(top)).toBe(0);
    },
  );

  test("a step that is cut short loses nothing of a scan", async () => {
    const top = tree(...Array.from({ length: 300 }, (_, n) => `f${n}`));
    await run(async () => {
      await using entries = scandir(top);
      const names = new Set<string>();
      for (let done = false; !done;) {
        const { value } = await moveOnAfter(0, () => entries.next());
        if (value === undefined) continue;
        if (value.done === true) done = true;
        else names.add(value.value.name);
      }
      expect(names.size).toBe(300);
    });
  });
});
