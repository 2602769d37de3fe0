/**
 * watch: what happens to files and folders is told. On real folders, and so in real time: the system tells when it likes.
 */
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { inspect } from "node:util";
import { moveOnAfter, run, sleep, taskGroup, timeout } from "ambit";
import { atomicWrite, watch, type WatchEvents, type WatchOptions } from "ambit/files";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { failureOf } from "./failure.ts";
import { folders } from "./folder.ts";
import { systemError, withPatched } from "./patchedFs.ts";

type Call = (...args: unknown[]) => unknown;

const fresh = folders();

/** Takes events until one is about this path; gives all that came, relative to the folder. */
async function until(events: WatchEvents, folder: string, path: string): Promise<string[]> {
  const seen: string[] = [];
  await timeout(20_000, async () => {
    while (seen.at(-1)?.endsWith(` ${path}`) !== true) {
      const { value } = await events.next();
      seen.push(
        value === undefined ? `end ${path}` : `${value.type} ${relative(folder, value.path)}`,
      );
    }
  });
  return seen;
}

/** What is told of `work`, each once, in the order of the names. */
async function changesOf(
  folder: string,
  work: () => Promise<void> | void,
  options: WatchOptions = {},
): Promise<string[]> {
  await using events = await watch(folder, options);
  await work();
  await sleep(20);
  writeFileSync(join(folder, "zzz"), "");
  const seen = await until(events, folder, "zzz");
  return [...new Set(seen.slice(0, -1))].sort();
}

/** How many folders this process watches, as Linux tells. */
function watches(): number {
  let count = 0;
  for (const fd of readdirSync("/proc/self/fdinfo")) {
    const path = `/proc/self/fdinfo/${fd}`;
    if (existsSync(path)) count += readFileSync(path, "utf8").split("inotify wd:").length - 1;
  }
  return count;
}

describe("a folder", () => {
  test("tells what comes, changes and goes", async () => {
    const folder = dirname(fresh());
    await using events = await watch(folder, { debounce: 0 });
    const path = join(folder, "file");
    writeFileSync(path, "");
    expect((await until(events, folder, "file"))[0]).toBe("rename file");
    writeFileSync(path, "content");
    expect((await until(events, folder, "file"))[0]).toMatch(/^(change|rename) file$/);
    renameSync(path, `${path}.new`);
    expect(await until(events, folder, "file.new")).toContain("rename file.new");
    rmSync(`${path}.new`);
    expect(await until(events, folder, "file.new")).toContain("rename file.new");
  });

  test("what happens to one path in short order is told once", async () => {
    const folder = dirname(fresh());
    await using events = await watch(folder, { debounce: 30 });
    for (let n = 0; n < 50; n++) writeFileSync(join(folder, "file"), String(n));
    await sleep(60);
    writeFileSync(join(folder, "next"), "");
    expect(await until(events, folder, "next")).toEqual(["rename file", "rename next"]);
  });

  test("a path that is never quiet is told all the same", async () => {
    const folder = dirname(fresh());
    await using events = await watch(folder, { debounce: 20 });
    const keepChanging = async (): Promise<void> => {
      for (let n = 0; ; n++) {
        writeFileSync(join(folder, "file"), String(n));
        await sleep(2);
      }
    };
    await taskGroup(async (group) => {
      group.spawn(keepChanging);
      expect((await events.next()).value).toMatchObject({ path: join(folder, "file") });
      group.cancel();
    });
  });

  test("does not tell what happens in folders in it", async () => {
    const folder = dirname(fresh());
    mkdirSync(join(folder, "inner"));
    const seen = await changesOf(folder, () => writeFileSync(join(folder, "inner/file"), ""));
    expect(seen.filter((event) => event.includes("file"))).toEqual([]);
  });

  test("ends when it is removed", async () => {
    const folder = fresh("watched");
    mkdirSync(folder);
    const events = await watch(folder);
    rmSync(folder, { recursive: true });
    expect(await until(events, folder, "")).toContain("rename ");
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test("ends when another takes its place", async () => {
    const folder = fresh("watched");
    mkdirSync(folder);
    const events = await watch(folder);
    renameSync(folder, `${folder}.old`);
    mkdirSync(folder);
    const seen: string[] = [];
    for await (const { type } of events) seen.push(type);
    expect(seen).toContain("rename");
  });

  test("something in it that is called like it is told", async () => {
    const folder = fresh("same");
    mkdirSync(folder);
    const seen = await changesOf(folder, () => writeFileSync(join(folder, "same"), ""));
    expect(seen).toContain("rename same");
  });

  test("something in it that is called like it is told when it goes, too", async () => {
    const folder = fresh("same");
    mkdirSync(join(folder, "same"), { recursive: true });
    await using events = await watch(folder, { recursive: true, debounce: 0 });
    rmSync(join(folder, "same"), { recursive: true });
    expect(await until(events, folder, "same")).toContain("rename same");
  });

  test("tells of itself, and goes on, when it changes and stays", async () => {
    const folder = fresh("itself");
    mkdirSync(folder);
    await using events = await watch(folder, { debounce: 0 });
    chmodSync(folder, 0o700);
    await until(events, folder, "");
    writeFileSync(join(folder, "file"), "");
    expect(await until(events, folder, "file")).toEqual(["rename file"]);
  });

  test("does not tell what happens in the old one when another has taken its place", async () => {
    const folder = fresh("watched");
    mkdirSync(folder);
    const events = await watch(folder, { debounce: 0 });
    renameSync(folder, `${folder}.old`);
    mkdirSync(folder);
    await until(events, folder, "");
    writeFileSync(`${folder}.old/file`, "");
    await sleep(50);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test("does not tell what happens in folders that come", async () => {
    const folder = dirname(fresh());
    const seen = await changesOf(folder, async () => {
      mkdirSync(join(folder, "new"));
      await sleep(20);
      writeFileSync(join(folder, "new/file"), "");
    });
    expect(seen).toEqual(["rename new"]);
  });

  test("has a name in what is printed", async () => {
    const folder = dirname(fresh());
    const events = await watch(folder);
    expect(inspect(events)).toBe(`<watch '${folder}'>`);
    await events.return();
    expect(inspect(events)).toBe(`<watch '${folder}' closed>`);
  });

  test("must be there", async () => {
    const path = fresh("missing");
    await expect(watch(5 as never)).rejects.toThrow("`path`");
    await expect(watch(path)).rejects.toMatchObject({ operation: "watch", path, code: "ENOENT" });
    await expect(watch(path, { debounce: NaN })).rejects.toThrow("options.debounce");
    await expect(watch(path, { recursive: 1 as never })).rejects.toThrow("options.recursive");
  });
});

describe("a file", () => {
  test("is watched also when another file takes its place", async () => {
    const path = fresh();
    writeFileSync(path, "0");
    writeFileSync(`${path}.other`, "");
    await using events = await watch(path, { debounce: 5 });
    for (let n = 1; n <= 3; n++) {
      writeFileSync(`${path}.other`, String(n));
      await atomicWrite(path, String(n), { fsync: false });
      const { value } = await timeout(20_000, () => events.next());
      expect(value).toEqual({ type: "rename", path });
    }
    chmodSync(path, 0o600);
    expect((await timeout(20_000, () => events.next())).value).toEqual({ type: "change", path });
  });
});

describe("a file in a folder", () => {
  test("is called as it was given", async () => {
    const path = fresh();
    writeFileSync(path, "");
    const given = `${dirname(path)}/.//file`;
    await using events = await watch(given, { debounce: 0 });
    writeFileSync(path, "new");
    expect((await timeout(20_000, () => events.next())).value?.path).toBe(given);
  });

  test("ends when the folder is removed", async () => {
    const path = join(fresh("inner"), "file");
    mkdirSync(dirname(path));
    writeFileSync(path, "");
    const events = await watch(path, { debounce: 0 });
    rmSync(path);
    expect((await events.next()).value).toEqual({ type: "rename", path });
    const step = timeout(20_000, () => events.next());
    await sleep(5);
    rmSync(dirname(path), { recursive: true });
    expect((await step).done).toBe(true);
  });
});

describe("a tree", () => {
  test("tells once what is found in a folder that it was told of already", async () => {
    const folder = dirname(fresh());
    const [above, inner] = [join(folder, "above"), join(folder, "above/inner")];
    await using events = await watch(folder, { recursive: true, debounce: 0 });
    let release = (): void => {};
    // Its list comes when what is in it has been told, and is watched.
    const hold = (real: Call, ...args: unknown[]): unknown => {
      if (args[0] !== above) return real(...args);
      const done = args.pop() as Call;
      mkdirSync(inner);
      return real(...args, (...result: unknown[]) => (release = () => void done(...result)));
    };
    await withPatched("readdir", hold, async () => {
      mkdirSync(above);
      await until(events, folder, "above/inner");
      await sleep(50);
    });
    release();
    await sleep(20);
    mkdirSync(join(inner, "last"));
    await sleep(50);
    writeFileSync(join(folder, "zzz"), "");
    const seen = await until(events, folder, "zzz");
    expect(seen.filter((event) => event === "rename above/inner/last")).toHaveLength(1);
  });

  test("tells what happens in folders, and in those that come", async () => {
    const folder = dirname(fresh());
    mkdirSync(join(folder, "a/b"), { recursive: true });
    await using events = await watch(folder, { recursive: true, debounce: 0 });
    writeFileSync(join(folder, "a/b/old"), "");
    expect(await until(events, folder, "a/b/old")).toContain("rename a/b/old");
    mkdirSync(join(folder, "new/inner"), { recursive: true });
    writeFileSync(join(folder, "new/inner/at once"), "");
    expect(await until(events, folder, "new/inner/at once")).toContain("rename new/inner/at once");
    writeFileSync(join(folder, "new/inner/later"), "");
    expect(await until(events, folder, "new/inner/later")).toContain("rename new/inner/later");
  });

  test("goes with a folder that is moved, and forgets one that is removed", async () => {
    const folder = dirname(fresh());
    mkdirSync(join(folder, "a/b"), { recursive: true });
    await using events = await watch(folder, { recursive: true, debounce: 0 });
    renameSync(join(folder, "a"), join(folder, "c"));
    expect(await until(events, folder, "c/b")).toContain("rename c");
    writeFileSync(join(folder, "c/b/file"), "");
    expect(await until(events, folder, "c/b/file")).toContain("rename c/b/file");
    rmSync(join(folder, "c"), { recursive: true });
    expect(await until(events, folder, "c")).toContain("rename c");
    mkdirSync(join(folder, "c"));
    writeFileSync(join(folder, "c/again"), "");
    expect(await until(events, folder, "c/again")).toContain("rename c/again");
  });

  test("does not follow links", async () => {
    const folder = dirname(fresh());
    const outside = dirname(fresh());
    symlinkSync(outside, join(folder, "link"));
    symlinkSync("..", join(folder, "up"));
    const work = (): void => writeFileSync(join(outside, "file"), "");
    expect(await changesOf(folder, work, { recursive: true })).toEqual([]);
  });
});

describe("what is too much", () => {
  const file = fresh();
  writeFileSync(file, "");

  /** Many new names, each of which is one event, from there on. */
  function fill(folder: string, first: number, count: number): void {
    // A second name is made many times quicker than a file.
    for (let n = first; n < first + count; n++) linkSync(file, join(folder, String(n)));
  }

  test("is forgotten when nobody looks at it, and that is told, once", async () => {
    const folder = dirname(fresh());
    await using events = await watch(folder, { debounce: 0 });
    // In rounds, so that the system need not keep more than it can; the last one comes when all is forgotten.
    for (let round = 0; round < 3; round++) {
      fill(folder, round * 2500, 2500);
      await sleep(50);
    }
    expect((await events.next()).value).toEqual({ type: "overflow", path: folder });
    writeFileSync(join(folder, "file"), "");
    expect(await until(events, folder, "file")).toEqual(["rename file"]);
  });

  test("is not told later either, when it was gathered", async () => {
    const folder = dirname(fresh());
    await using events = await watch(folder, { debounce: 300 });
    fill(folder, 0, 5000);
    await sleep(50);
    expect((await events.next()).value).toEqual({ type: "overflow", path: folder });
    await sleep(400);
    writeFileSync(join(folder, "file"), "");
    expect(await until(events, folder, "file")).toEqual(["rename file"]);
  });
});

describe("the system", () => {
  test("that allows no more watches is told so, with advice", async () => {
    const folder = dirname(fresh());
    const refuse = (): never => {
      throw systemError("ENOSPC", "System limit for number of file watchers reached");
    };
    const watching = withPatched("watch", refuse, () => watch(folder));
    await expect(watching).rejects.toMatchObject({
      operation: "watch",
      path: folder,
      code: "ENOSPC",
    });
    await expect(watching).rejects.toThrow("watch fewer folders, or have the limit raised");
  });

  /** Has `watch` fail for these, with that code; gives what was tried, too. */
  function refusing(
    code: string,
    ...paths: readonly string[]
  ): [refuse: (real: Call, ...args: unknown[]) => unknown, tried: string[]] {
    const tried: string[] = [];
    const refuse = (real: Call, ...args: unknown[]): unknown => {
      tried.push(args[0] as string);
      if (paths.includes(args[0] as string)) throw systemError(code, "no");
      return real(...args);
    };
    return [refuse, tried];
  }

  test("that does so later says so at the step that waits, or at the next", async () => {
    for (const waits of [true, false]) {
      const folder = dirname(fresh());
      const path = join(folder, "new");
      const [refuse] = refusing("EMFILE", path);
      const events = await watch(folder, { recursive: true, debounce: 50 });
      const failure = withPatched("watch", refuse, async () => {
        const step = waits ? events.next() : null;
        mkdirSync(path);
        if (step === null) await sleep(20);
        await (step ?? events.next());
      });
      await expect(failure).rejects.toMatchObject({ operation: "watch", path, code: "EMFILE" });
      await expect(failure).rejects.toThrow("watch fewer folders");
      expect((await events.next()).done).toBe(true);
    }
  });

  test.skipIf(process.platform !== "linux")(
    "that refuses a folder ends the watching at once: nothing is watched, and the first error told",
    async () => {
      const folder = dirname(fresh());
      for (const path of ["a", "b", "c/d/e/f"]) mkdirSync(join(folder, path), { recursive: true });
      const before = watches();
      const [refuse, tried] = refusing("EACCES", join(folder, "a"), join(folder, "b"));
      const failure = withPatched("watch", refuse, () => watch(folder, { recursive: true }));
      const error = await failureOf(failure);
      expect([error.code, error.path]).toEqual([
        "EACCES",
        tried.find((path) => /\/[ab]$/.test(path)),
      ]);
      expect(error.message).not.toContain("watch fewer");
      expect(watches()).toBe(before);
      await sleep(20);
      expect(tried).not.toContain(join(folder, "c/d/e"));
      expect(watches()).toBe(before);
    },
  );

  test("that finds the top gone says so", async () => {
    const folder = dirname(fresh());
    const [refuse] = refusing("ENOENT", folder);
    const failure = withPatched("watch", refuse, () => watch(folder));
    await expect(failure).rejects.toMatchObject({ path: folder, code: "ENOENT" });
  });

  test("that cannot list a folder which goes leaves the others watched", async () => {
    const folder = dirname(fresh());
    mkdirSync(join(folder, "gone"));
    mkdirSync(join(folder, "there"));
    const lose = (real: Call, ...args: unknown[]): unknown => {
      if (args[0] === join(folder, "gone")) rmSync(join(folder, "gone"), { recursive: true });
      return real(...args);
    };
    const options = { recursive: true, debounce: 0 };
    await using events = await withPatched("readdir", lose, () => watch(folder, options));
    writeFileSync(join(folder, "there/file"), "");
    expect(await until(events, folder, "there/file")).toContain("rename there/file");
  });

  test.each(["ENOENT", "ENOTDIR"])(
    "finds a folder gone that it is to watch (%s): the others are watched all the same",
    async (code) => {
      const folder = dirname(fresh());
      mkdirSync(join(folder, "gone"));
      mkdirSync(join(folder, "there"));
      const [lose] = refusing(code, join(folder, "gone"));
      const options = { recursive: true, debounce: 0 };
      await using events = await withPatched("watch", lose, () => watch(folder, options));
      writeFileSync(join(folder, "there/file"), "");
      expect(await until(events, folder, "there/file")).toEqual(["rename there/file"]);
    },
  );
});

describe("leaving", () => {
  test("ends a step that waits", async () => {
    const events = await watch(dirname(fresh()));
    const step = events.next();
    await events.return();
    expect(await step).toEqual({ done: true, value: undefined });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test("a step that is cut short loses no event", async () => {
    const folder = dirname(fresh());
    await using events = await watch(folder, { debounce: 1 });
    const seen = new Set<string>();
    for (let n = 0; n < 20; n++) {
      writeFileSync(join(folder, `f${n}`), "");
      const { value } = await moveOnAfter(n % 3, () => events.next());
      if (value?.value !== undefined) seen.add(value.value.path);
    }
    while (seen.size < 20) seen.add((await events.next()).value?.path ?? "");
    expect(seen.size).toBe(20);
  });

  test.skipIf(process.platform !== "linux")(
    "cancelled at any point, it watches no more",
    async () => {
      const folder = dirname(fresh());
      mkdirSync(join(folder, "a/b"), { recursive: true });
      const before = watches();
      let most = 0;
      const points = await cancelEverywhere(async () => {
        const events = await watch(folder, { recursive: true, debounce: 0 });
        most = Math.max(most, watches());
        writeFileSync(join(folder, "a/b/file"), "");
        for await (const { path } of events) if (path.endsWith("file")) break;
      });
      expect(points).toBeGreaterThan(2);
      expect([most - before, watches() - before]).toEqual([3, 0]);
    },
  );

  test.skipIf(process.platform !== "linux")(
    "a cut beginning, and folders that leave the tree, are watched no more",
    async () => {
      const [folder, outside] = [dirname(fresh()), dirname(fresh())];
      mkdirSync(join(folder, "a/b/c"), { recursive: true });
      const before = watches();
      const { cancelledCaught } = await moveOnAfter(0, () => watch(folder, { recursive: true }));
      expect([cancelledCaught, watches() - before]).toEqual([true, 0]);
      await using events = await watch(folder, { recursive: true, debounce: 0 });
      expect(watches() - before).toBe(4);
      renameSync(join(folder, "a"), join(outside, "a"));
      expect(await until(events, folder, "a")).toEqual(["rename a"]);
      while (watches() - before > 1) await sleep(1);
      writeFileSync(join(outside, "a/b/c/file"), "");
      writeFileSync(join(folder, "file"), "");
      expect(await until(events, folder, "file")).toEqual(["rename file"]);
      await events.return();
      // The system's watch goes when its event has been dealt with.
      while (watches() > before) await sleep(1);
    },
  );

  test.skipIf(process.platform !== "linux")("only folders are watched", async () => {
    const folder = dirname(fresh());
    mkdirSync(join(folder, "inner"));
    writeFileSync(join(folder, "file"), "");
    const before = watches();
    {
      await using events = await watch(folder, { recursive: true, debounce: 0 });
      writeFileSync(join(folder, "new"), "");
      await until(events, folder, "new");
      await sleep(20);
      expect(watches() - before).toBe(2);
    }
    await using events = await watch(join(folder, "file"), { recursive: true });
    expect([watches() - before, inspect(events)]).toEqual([1, `<watch '${folder}/file'>`]);
  });

  test.skipIf(process.platform !== "linux")("that nobody closed ends with its run", async () => {
    const before = watches();
    const events = await run(async () => {
      const forgotten = await watch(dirname(fresh()));
      expect(watches()).toBe(before + 1);
      return forgotten;
    });
    expect(watches()).toBe(before);
    expect((await events.next()).done).toBe(true);
  });

  test("forgets what was gathered, and no timer keeps the program", async () => {
    const folder = dirname(fresh());
    const ended = await runProgram(`
      import { moveOnAfter } from "ambit";
      import { watch } from "ambit/files";
      import { writeFileSync } from "node:fs";
      const events = await watch(${JSON.stringify(folder)}, { debounce: 3_600_000 });
      writeFileSync(${JSON.stringify(join(folder, "file"))}, "");
      writeFileSync(${JSON.stringify(join(folder, "other"))}, "");
      const { cancelledCaught } = await moveOnAfter(50, () => events.next());
      await events.return();
      console.log(cancelledCaught);
    `);
    expect(ended).toMatchObject({ code: 0, out: "true\n", err: "" });
  });

  test("a program ends that has forgotten to, but not while it waits", async () => {
    const folder = dirname(fresh());
    const ended = await runProgram(`
      import { moveOnAfter } from "ambit";
      import { watch } from "ambit/files";
      import { writeFileSync } from "node:fs";
      const events = await watch(${JSON.stringify(folder)});
      setTimeout(() => writeFileSync(${JSON.stringify(join(folder, "file"))}, ""), 50).unref();
      setTimeout(() => {}, 20);
      console.log((await events.next()).value.type);
      await moveOnAfter(100, () => events.next());
      console.log("left");
      await moveOnAfter(1, () => events.next());
    `);
    expect(ended).toMatchObject({ code: 0, out: "rename\nleft\n", err: "" });
  });

  test("virtual time stands still for it", async () => {
    const folder = dirname(fresh());
    await runVirtual(async () => {
      await using events = await watch(folder);
      setTimeout(() => writeFileSync(join(folder, "file"), ""), 20);
      expect((await events.next()).value?.path).toBe(join(folder, "file"));
    });
  });
});
