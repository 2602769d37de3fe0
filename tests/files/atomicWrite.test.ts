/**
 * atomicWrite: that a reader finds the old file or the new one, whole, whatever happens to the writer.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { CancelledError, createTask, Event, sleep, taskGroup } from "ambit";
import { atomicWrite, FileError } from "ambit/files";
import { cancelEverywhere } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { CANNOT_MOUNT, withDisk } from "./disk.ts";
import { filesWith, folders, WINDOWS } from "./folder.ts";

const fresh = folders();
const fileWith = filesWith(fresh);

function expectAlone(path: string): void {
  expect(readdirSync(dirname(path))).toEqual([basename(path)]);
}

describe("what is written", () => {
  test("makes a file, with the permissions that files get here", async () => {
    const path = fresh();
    await atomicWrite(path, "täxt");
    expect(readFileSync(path, "utf8")).toBe("täxt");
    expect(statSync(path).mode & 0o777).toBe(0o666 & ~process.umask());
    expectAlone(path);
  });

  test("takes bytes, pieces, and pieces that come later", async () => {
    const path = fresh();
    const later = async function* (): AsyncGenerator<string | Uint8Array> {
      yield "one ";
      await sleep(0);
      yield Buffer.from("two ");
      yield new Uint8Array(0);
      yield "three";
    };
    for (const [body, text] of [
      [Buffer.from([1, 0, 2]), "\x01\0\x02"],
      [["a", Buffer.from("b"), "", "c"], "abc"],
      [later(), "one two three"],
      ["", ""],
      [[], ""],
    ] as const) {
      await atomicWrite(path, body, { fsync: false });
      expect(readFileSync(path, "latin1")).toBe(text);
    }
    expectAlone(path);
  });

  test("puts characters together that lie across two pieces", async () => {
    const path = fresh();
    await atomicWrite(path, ["a\ud83d", "\ude00b", "\ud83d", Buffer.from("c"), "\ude00"]);
    expect(readFileSync(path, "utf8")).toBe("a😀b\ufffdc\ufffd");
  });

  test("large pieces and many small ones come out in order", async () => {
    const path = fresh();
    const pieces = Array.from({ length: 400 }, (_, n) => Buffer.alloc(n * 13, String(n)));
    pieces.splice(200, 0, Buffer.alloc(3_000_000, "x"));
    await atomicWrite(path, pieces, { fsync: false });
    expect(readFileSync(path).equals(Buffer.concat(pieces))).toBe(true);
  });

  test("a buffer that its owner fills anew was taken as it was", async () => {
    const path = fresh();
    const reused = Buffer.from("one ");
    const pieces = function* (): Generator<Uint8Array> {
      yield reused;
      reused.set(Buffer.from("two "));
      yield reused;
    };
    await atomicWrite(path, pieces());
    expect(readFileSync(path, "latin1")).toBe("one two ");
  });
});

describe.skipIf(WINDOWS)("what is replaced", () => {
  test("gives its permissions and owner, or gets those that are told", async () => {
    const path = fileWith("old");
    chmodSync(path, 0o751);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(path, 1234, 5678);
    const old = statSync(path);
    await atomicWrite(path, "new");
    const status = statSync(path);
    expect(status.mode & 0o7777).toBe(0o751);
    expect([status.uid, status.gid]).toEqual([old.uid, old.gid]);
    expect(status.ino).not.toBe(old.ino);
    await atomicWrite(path, "new", { mode: 0o604 });
    expect(statSync(path).mode & 0o7777).toBe(0o604);
    const made = fresh();
    await atomicWrite(made, "", { mode: 0o777 });
    expect(statSync(made).mode & 0o7777).toBe(0o777);
  });

  test("stays a link where it is one, also one that leads nowhere yet", async () => {
    const path = fileWith("old");
    const folder = dirname(path);
    mkdirSync(join(folder, "inner"));
    symlinkSync("../file", join(folder, "inner/first"));
    symlinkSync("inner/first", join(folder, "second"));
    await atomicWrite(join(folder, "second"), "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readlinkSync(join(folder, "second"))).toBe("inner/first");
    symlinkSync("inner/made", join(folder, "dangling"));
    await atomicWrite(join(folder, "dangling"), "made");
    expect(readFileSync(join(folder, "inner/made"), "utf8")).toBe("made");
    expect(lstatSync(join(folder, "dangling")).isSymbolicLink()).toBe(true);
    symlinkSync("circle", join(folder, "circle"));
    await expect(atomicWrite(join(folder, "circle"), "x")).rejects.toMatchObject({ code: "ELOOP" });
  });

  test("is let go: its other names keep what was there", async () => {
    const path = fileWith("old");
    linkSync(path, `${path}.second`);
    await atomicWrite(path, "new");
    expect(readFileSync(`${path}.second`, "utf8")).toBe("old");
  });

  test("must be a file", async () => {
    const folder = dirname(fresh());
    await expect(atomicWrite(folder, "x")).rejects.toMatchObject({ code: "EISDIR" });
  });

  // Of the test's own: a device of the system's would be replaced in earnest, were this to fail.
  test.skipIf(WINDOWS)("must be no pipe", async () => {
    const path = fresh();
    execFileSync("mkfifo", [path]);
    await expect(atomicWrite(path, "x")).rejects.toThrow("there is no regular file (EINVAL)");
    expect(statSync(path).isFIFO()).toBe(true);
  });
});

describe("when it fails", () => {
  test("the old file is untouched, and nothing is left", async () => {
    const path = fileWith("old");
    const broken = async function* (): AsyncGenerator<string> {
      yield "half";
      await sleep(0);
      throw new RangeError("broken");
    };
    await expect(atomicWrite(path, broken())).rejects.toThrow(RangeError);
    const number = 3 as unknown as string;
    await expect(atomicWrite(path, ["half", number])).rejects.toThrow(
      "Expected `a piece of the body` to be a string or a Uint8Array, got `3` (number)",
    );
    expect(readFileSync(path, "utf8")).toBe("old");
    expectAlone(path);
  });

  test("the iterable is closed", async () => {
    const path = fresh();
    let closed = 0;
    const pieces = function* (): Generator<string> {
      try {
        yield 5 as unknown as string;
      } finally {
        closed++;
      }
    };
    await expect(atomicWrite(path, pieces())).rejects.toThrow(TypeError);
    expect(closed).toBe(1);
  });

  test("says what and where", async () => {
    const path = join(fresh("missing"), "file");
    const error: unknown = await atomicWrite(path, "x").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FileError);
    expect(error).toMatchObject({ operation: "atomicWrite", path, code: "ENOENT" });
    await expect(atomicWrite(path, 7 as unknown as string)).rejects.toThrow("Expected `body`");
    await expect(atomicWrite(path, "", { mode: -1 })).rejects.toThrow("options.mode");
  });

  describe.skipIf(CANNOT_MOUNT)("on a disk", () => {
    test("that is full, leaves the old file", async () => {
      const path = fresh();
      await withDisk(dirname(path), "size=64k", async () => {
        writeFileSync(path, "old");
        const large = Buffer.alloc(1_000_000, "x");
        await expect(atomicWrite(path, large)).rejects.toMatchObject({ code: "ENOSPC" });
        await expect(atomicWrite(path, [large, large])).rejects.toMatchObject({ code: "ENOSPC" });
        expect(readFileSync(path, "utf8")).toBe("old");
        expectAlone(path);
      });
    });

    test("that is read-only, says so", async () => {
      const path = fresh();
      await withDisk(dirname(path), "ro", async () => {
        await expect(atomicWrite(path, "new")).rejects.toMatchObject({ code: "EROFS", path });
      });
    });
  });
});

describe("when it is cancelled", () => {
  test("at any point, there is the old file or the new one, and nothing beside it", async () => {
    const outcomes = new Set<string>();
    const points = await cancelEverywhere(async () => {
      const path = fileWith("old");
      const pieces = async function* (): AsyncGenerator<string> {
        yield "new";
        await sleep(5);
        yield "er";
      };
      const written = await atomicWrite(path, pieces()).then(
        () => "written",
        (error: unknown) => (error instanceof CancelledError ? "cancelled" : String(error)),
      );
      outcomes.add(`${written}: ${readFileSync(path, "utf8")}`);
      expectAlone(path);
    });
    expect(points).toBeGreaterThan(8);
    expect([...outcomes].sort()).toEqual(["cancelled: old", "written: newer"]);
  });

  test("a body that never comes is let go", async () => {
    const path = fileWith("old");
    let closed = false;
    const asked = new Event();
    const stuck: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          asked.set();
          return new Promise(() => {});
        },
        return: () => {
          closed = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const task = createTask(() => atomicWrite(path, stuck));
    await asked.wait();
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    expect(closed).toBe(true);
    expectAlone(path);
  });
});

test("whoever reads meanwhile finds one of the contents, whole", async () => {
  const path = fileWith("0".repeat(200_000));
  const write = async (digit: number): Promise<void> => {
    for (let n = 0; n < 10; n++)
      await atomicWrite(path, String(digit).repeat(200_000), { fsync: false });
  };
  let looks = 0;
  const read = async (): Promise<void> => {
    for (; ; looks++) {
      const text = readFileSync(path, "latin1");
      expect(text).toHaveLength(200_000);
      expect(text).toBe((text[0] as string).repeat(200_000));
      await sleep(0);
    }
  };
  await taskGroup(async (group) => {
    group.spawn(read);
    await Promise.all([1, 2, 3].map(write));
    group.cancel();
  });
  expect(looks).toBeGreaterThan(5);
  expectAlone(path);
});

test.skipIf(WINDOWS)(
  "after SIGKILL there is the old file, whole, and the draft beside it",
  async () => {
    const path = fileWith("old");
    const ended = await runProgram(
      `
    import { sleep } from "ambit";
    import { atomicWrite } from "ambit/files";
    await atomicWrite(${JSON.stringify(path)}, (async function* () {
      yield "x".repeat(1_000_000);
      console.log("half");
      await sleep(60_000);
    })());
    `,
      { on: { half: "SIGKILL" } },
    );
    expect(ended.signal).toBe("SIGKILL");
    expect(readFileSync(path, "utf8")).toBe("old");
    const left = readdirSync(dirname(path)).filter((name) => name !== basename(path));
    expect(left).toEqual([expect.stringMatching(/^\.ambit-[0-9a-f]+\.tmp$/)]);
  },
);

test.skipIf(WINDOWS)("whenever it is killed, the file is whole", { timeout: 60_000 }, async () => {
  const path = fileWith("0".repeat(100_000));
  for (const n of [1, 2, 5, 9, 14]) {
    const program = `
      import { atomicWrite } from "ambit/files";
      for (let n = 1; ; n++) {
        const writing = atomicWrite(${JSON.stringify(path)}, String(n % 10).repeat(100_000), { fsync: false });
        console.log("<" + n + ">");
        await writing;
      }
    `;
    await runProgram(program, { on: { [`<${n}>`]: "SIGKILL" } });
    const text = readFileSync(path, "latin1");
    expect(text).toHaveLength(100_000);
    expect(text).toBe((text[0] as string).repeat(100_000));
  }
});

test("process.exit in the middle leaves the old file, and nothing beside it", async () => {
  const path = fileWith("old");
  const { code } = await runProgram(`
    import { atomicWrite } from "ambit/files";
    await atomicWrite(${JSON.stringify(path)}, (function* () {
      yield "x".repeat(1_000_000);
      process.exit(5);
    })());
  `);
  expect(code).toBe(5);
  expect(readFileSync(path, "utf8")).toBe("old");
  expectAlone(path);
});
