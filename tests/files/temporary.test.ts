/**
 * Temporary files and folders: that they are there, for whom, and that they go, whatever happens.
 */
import crypto from "node:crypto";
import {
  existsSync,
  fstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename, dirname } from "node:path";
import { inspect } from "node:util";
import { run } from "ambit";
import {
  ClosedFileError,
  namedTemporaryFile,
  spooledTemporaryFile,
  temporaryDirectory,
  temporaryFile,
} from "ambit/files";
import { cancelEverywhere } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { CANNOT_MOUNT, withDisk } from "./disk.ts";
import { folders, WINDOWS } from "./folder.ts";
import { systemError, withPatched } from "./patchedFs.ts";

const fresh = folders();

describe("temporaryDirectory", () => {
  test("is for this user alone, and goes with its block and all in it", async () => {
    const dir = dirname(fresh());
    let path = "";
    {
      await using folder = await temporaryDirectory({ dir, prefix: "a-", suffix: ".b" });
      ({ path } = folder);
      expect(basename(path)).toMatch(/^a-[0-9a-f]{20}\.b$/);
      expect(dirname(path)).toBe(dir);
      expect(statSync(path).mode & 0o077).toBe(0);
      writeFileSync(`${path}/file`, "");
      expect(inspect(folder)).toBe(`<TemporaryDirectory '${path}'>`);
    }
    expect(existsSync(path)).toBe(false);
  });

  test("goes when its block throws", async () => {
    let path = "";
    const work = async (): Promise<void> => {
      await using folder = await temporaryDirectory();
      ({ path } = folder);
      throw new Error("in the block");
    };
    await expect(work()).rejects.toThrow("in the block");
    expect(existsSync(path)).toBe(false);
  });

  test("may be cleaned up before, and again", async () => {
    await using folder = await temporaryDirectory();
    await Promise.all([folder.cleanup(), folder.cleanup()]);
    expect(existsSync(folder.path)).toBe(false);
    expect(inspect(folder)).toContain(" removed>");
  });

  test("removed by somebody else is cleaned up without complaint, and once: what takes its place stays", async () => {
    const folder = await temporaryDirectory();
    rmSync(folder.path, { recursive: true });
    await folder.cleanup();
    mkdirSync(folder.path);
    await folder.cleanup();
    expect(existsSync(folder.path)).toBe(true);
    rmdirSync(folder.path);
  });

  test.skipIf(CANNOT_MOUNT)("that cannot be removed now may be cleaned up again", async () => {
    const folder = await temporaryDirectory();
    const inner = `${folder.path}/inner`;
    mkdirSync(inner);
    await withDisk(inner, "size=1m", async () => {
      await expect(folder.cleanup()).rejects.toMatchObject({ path: inner, code: "EBUSY" });
    });
    await folder.cleanup();
    expect(existsSync(folder.path)).toBe(false);
  });

  test("that nobody removed goes with its run", async () => {
    const path = await run(async () => (await temporaryDirectory()).path);
    expect(existsSync(path)).toBe(false);
  });

  test("refuses names with separators", async () => {
    await expect(temporaryDirectory({ prefix: 5 as never })).rejects.toThrow(
      "Expected `options.prefix` to be a string, got `5` (number)",
    );
    await expect(temporaryDirectory({ prefix: "a/b" })).rejects.toThrow(
      "Expected `options.prefix` to be part of a name, without separators, got `'a/b'` (string)",
    );
    await expect(temporaryDirectory({ dir: fresh("missing") })).rejects.toMatchObject({
      operation: "temporaryDirectory",
      code: "ENOENT",
    });
  });
});

describe("temporaryFile", () => {
  test.skipIf(WINDOWS)("has no name that anybody could find", async () => {
    const dir = dirname(fresh());
    await using file = await temporaryFile({ dir });
    await file.write(Buffer.from("text"));
    await file.seek(0);
    expect(String(await file.read())).toBe("text");
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe("namedTemporaryFile", () => {
  test("holds text, in an encoding", async () => {
    await using file = await namedTemporaryFile({ mode: "w+", encoding: "latin-1" });
    await file.write("é");
    await file.flush();
    expect(readFileSync(file.path)).toEqual(Buffer.from([0xe9]));
    await using nameless = await temporaryFile({ mode: "w+", newline: "\r\n" });
    await nameless.write("a\nb");
    await nameless.seek(0);
    expect(await nameless.read()).toBe("a\r\nb");
  });

  test("is found under its name, until it is closed", async () => {
    const dir = dirname(fresh());
    const file = await namedTemporaryFile({ dir, suffix: ".txt" });
    await file.write(Buffer.from("text"));
    await file.flush();
    expect(readFileSync(file.name, "utf8")).toBe("text");
    expect(statSync(file.name).mode & 0o077).toBe(0);
    await file.close();
    await file.close();
    expect(readdirSync(dir)).toEqual([]);
    expect(() => file.write(Buffer.from("x"))).toThrow(ClosedFileError);
  });

  test("that somebody else removed is closed without complaint", async () => {
    const file = await namedTemporaryFile();
    rmSync(file.name);
    await file.close();
    expect(file.closed).toBe(true);
  });

  test("that nobody closed goes with its run", async () => {
    const name = await run(async () => (await namedTemporaryFile()).name);
    expect(existsSync(name)).toBe(false);
  });
});

describe("spooledTemporaryFile", () => {
  test("is in memory until it is too large", async () => {
    const dir = dirname(fresh());
    await using file = spooledTemporaryFile({ dir, maxSize: 10 });
    await file.write(Buffer.from("0123456789"));
    await file.seek(0);
    expect(String(await file.read())).toBe("0123456789");
    expect([file.rolled, file.fileno()]).toEqual([false, -1]);
    await file.write(Buffer.from("x"));
    await file.seek(8);
    expect(file.rolled).toBe(true);
    expect(file.fileno()).toBeGreaterThan(0);
    expect(String(await file.read())).toBe("89x");
  });

  test("behaves the same in memory and on the disk", async () => {
    const contents: string[] = [];
    for (const maxSize of [0, 1000]) {
      await using file = spooledTemporaryFile({ maxSize });
      await file.write(Buffer.from("abcdef"));
      await file.truncate(3);
      await file.seek(5);
      await file.write(Buffer.from("!"));
      await file.seek(1);
      await file.write(Buffer.from("B"));
      await file.truncate(8);
      await file.seek(0);
      contents.push(String(await file.read()));
      expect(await file.read()).toHaveLength(0);
      expect(file.rolled).toBe(maxSize === 0);
    }
    expect(contents[0]).toBe("aBc\0\0!\0\0");
    expect(contents[1]).toBe(contents[0]);
  });

  test("is cut and made longer in memory, up to its limit, and all of it is told", async () => {
    await using file = spooledTemporaryFile({ maxSize: 10 });
    await file.write(Buffer.from("abcdef"));
    await file.truncate(2);
    await file.seek(0);
    expect(String(await file.read())).toBe("ab");
    await file.truncate(10);
    const bytes = Buffer.alloc(20, 1);
    await file.seek(0);
    expect(await file.readinto(bytes)).toBe(10);
    expect(String(bytes.subarray(0, 10))).toBe(`ab${"\0".repeat(8)}`);
    expect([file.rolled, file.isatty()]).toEqual([false, false]);
    await file.truncate(11);
    expect(file.rolled).toBe(true);
    await file.seek(0, 2);
    await file.write(Buffer.from("grown on the disk"));
    expect(await file.seek(0, 2)).toBe(28);
  });

  test.skipIf(process.platform !== "linux")(
    "gives its descriptor back, and moves in whole when it is cancelled",
    async () => {
      const dir = dirname(fresh());
      const points = await cancelEverywhere(async () => {
        await using file = spooledTemporaryFile({ dir });
        await file.write(Buffer.from("text"));
        try {
          await file.rollover();
        } finally {
          expect(openBelow(dir)).toHaveLength(file.rolled ? 1 : 0);
        }
      });
      expect(points).toBeGreaterThan(0);
      expect(openBelow(dir)).toEqual([]);
    },
  );

  test("is longer than memory when it is cut so, and empty behind its end", async () => {
    await using file = spooledTemporaryFile({ maxSize: 8 });
    await file.write(Buffer.from("abc"));
    await file.seek(100);
    expect(await file.read(5)).toHaveLength(0);
    await file.truncate(20);
    expect(file.rolled).toBe(true);
    await file.seek(0);
    expect(String(await file.read())).toBe(`abc${"\0".repeat(17)}`);
  });

  test("moves to the disk when told, and stays in memory when that fails", async () => {
    await using file = spooledTemporaryFile();
    await file.write(Buffer.from("text"));
    await file.rollover();
    await file.rollover();
    expect(file.rolled).toBe(true);
    await file.seek(0);
    expect(String(await file.read())).toBe("text");
    await using stuck = spooledTemporaryFile({ dir: fresh("missing"), maxSize: 4 });
    await stuck.write(Buffer.from("text"));
    await expect(stuck.rollover()).rejects.toMatchObject({ code: "ENOENT" });
    await stuck.seek(0);
    expect(String(await stuck.read())).toBe("text");
  });

  test("holds text, too", async () => {
    await using file = spooledTemporaryFile({ mode: "w+", encoding: "utf-16-le", maxSize: 8 });
    await file.write("näme\n");
    await file.seek(0);
    expect(await file.readline()).toBe("näme\n");
    expect(file.rolled).toBe(true);
    await using other = spooledTemporaryFile({ mode: "w+" });
    await other.write("abc");
    await other.rollover();
    await other.seek(0);
    expect([await other.read(), other.rolled]).toEqual(["abc", true]);
  });

  test("refuses a size that is none, a bad name or mode, at once", () => {
    expect(() => spooledTemporaryFile({ mode: "r" as "w+" })).toThrow("options.mode");
    expect(() => spooledTemporaryFile({ maxSize: -1 })).toThrow("options.maxSize");
    expect(() => spooledTemporaryFile({ suffix: "/" })).toThrow("options.suffix");
  });
});

describe("what is made", () => {
  test("gets another name when one is taken", async () => {
    const dir = dirname(fresh());
    const real = crypto.randomBytes;
    const given = [1, 1, 2, 2, 3].map((byte) => Buffer.alloc(10, byte));
    crypto.randomBytes = (() => given.shift()) as never;
    syncBuiltinESMExports();
    try {
      await using first = await temporaryDirectory({ dir });
      await using second = await temporaryDirectory({ dir });
      await using third = await namedTemporaryFile({ dir });
      const paths = [first.path, second.path, third.path];
      expect(paths.map((path) => basename(path).slice(-2))).toEqual(["01", "02", "03"]);
    } finally {
      crypto.randomBytes = real;
      syncBuiltinESMExports();
    }
  });

  test("leaves nothing to do at the end of the process when it is gone", async () => {
    const before = process.listenerCount("exit");
    const folder = await temporaryDirectory();
    const file = await namedTemporaryFile();
    expect(process.listenerCount("exit")).toBeGreaterThan(0);
    await folder.cleanup();
    await file.close();
    expect(process.listenerCount("exit")).toBe(before);
  });

  test.skipIf(process.platform !== "linux")(
    "without a name touches nothing that takes it later",
    async () => {
      const file = await temporaryFile();
      const path = readlinkSync(`/proc/self/fd/${file.fileno()}`).replace(/ \(deleted\)$/, "");
      writeFileSync(path, "of somebody else");
      await file.close();
      expect(readFileSync(path, "utf8")).toBe("of somebody else");
      rmSync(path);
    },
  );

  test("is closed though its name cannot be taken away", async () => {
    const file = await namedTemporaryFile();
    const fd = file.fileno();
    rmSync(file.path);
    mkdirSync(file.path);
    await expect(file.close()).rejects.toMatchObject({ operation: "unlink", path: file.path });
    expect(() => fstatSync(fd)).toThrow("EBADF");
    rmdirSync(file.path);
    const refuse = (_: unknown, __: unknown, done: unknown): void => {
      const error = systemError("EPERM", "operation not permitted");
      setImmediate(() => (done as (error: Error) => void)(error));
    };
    const dir = dirname(fresh());
    const nameless = withPatched("unlink", refuse, () => temporaryFile({ dir }));
    await expect(nameless).rejects.toMatchObject({ operation: "unlink", code: "EPERM" });
    expect(openBelow(dir)).toEqual([]);
  });
});

/** The files below a folder that this process has open, as Linux tells. */
function openBelow(dir: string): string[] {
  if (process.platform !== "linux") return [];
  const open = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return open.filter((path) => path.startsWith(dir));
}

test("nothing is left behind, wherever the work is cancelled", async () => {
  const dir = dirname(fresh());
  const points = await cancelEverywhere(async () => {
    await using folder = await temporaryDirectory({ dir });
    await using named = await namedTemporaryFile({ dir: folder.path });
    await named.write(Buffer.from("1"));
    await using nameless = await temporaryFile({ dir });
    await nameless.write(Buffer.from("2"));
    await using spooled = spooledTemporaryFile({ dir, maxSize: 0 });
    await spooled.write(Buffer.from("3"));
    await spooled.flush();
  });
  expect(points).toBeGreaterThan(10);
  expect(readdirSync(dir)).toEqual([]);
});

describe("at the end of the process", () => {
  const program = (dir: string, end: string): string => `
    import { run, sleep } from "ambit";
    import { namedTemporaryFile, temporaryDirectory, temporaryFile } from "ambit/files";
    import { readdirSync, writeFileSync } from "node:fs";
    const dir = ${JSON.stringify(dir)};
    const make = async () => {
      const folder = await temporaryDirectory({ dir });
      writeFileSync(folder.path + "/file", "");
      await namedTemporaryFile({ dir });
      await temporaryFile({ dir });
      console.log("made " + readdirSync(dir).length);
    };
    ${end}
  `;

  test.each([
    ["process.exit", "await make(); process.exit(3);", 3],
    ["the end of the program", "await make();", 0],
    ["an error that nobody catches", "await make(); throw new Error('out');", 1],
    ["a rejection that nobody handles", "await make(); Promise.reject(new Error('out'));", 1],
  ])("all goes by %s", async (_, end, code) => {
    const dir = dirname(fresh());
    expect(await runProgram(program(dir, end))).toMatchObject({ code, out: "made 2\n" });
    expect(readdirSync(dir)).toEqual([]);
  });

  test.skipIf(WINDOWS).each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("all goes by %s in run", async (signal, code) => {
    const dir = dirname(fresh());
    const end = "await run(async () => { await make(); await sleep(60_000); });";
    const ended = await runProgram(program(dir, end), { on: { made: signal } });
    expect(ended).toMatchObject({ code, out: "made 2\n" });
    expect(readdirSync(dir)).toEqual([]);
  });

  test.skipIf(WINDOWS)("what has a name stays after SIGKILL, and nothing else", async () => {
    const dir = dirname(fresh());
    const end = "await run(async () => { await make(); await sleep(60_000); });";
    const ended = await runProgram(program(dir, end), { on: { made: "SIGKILL" } });
    expect(ended.signal).toBe("SIGKILL");
    expect(readdirSync(dir)).toHaveLength(2);
  });
});
