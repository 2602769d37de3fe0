/**
 * tail: lines of files that grow, are emptied, and give their place to others. In virtual time, on real files.
 */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { inspect } from "node:util";
import { createTask, moveOnAfter, run, sleep, timeout } from "ambit";
import { tail, type TailOptions } from "ambit/files";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { filesWith, folders, WINDOWS } from "./folder.ts";
import { withPatched } from "./patchedFs.ts";

const fresh = folders();
const fileWith = filesWith(fresh);

async function linesOf(path: string, options: TailOptions = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of tail(path, { follow: false, ...options })) lines.push(line);
  return lines;
}

/** Tails while `work` goes on; gives what came until a minute after its end. */
async function tailed(
  path: string,
  work: () => Promise<void>,
  options: TailOptions = {},
): Promise<string[]> {
  return await runVirtual(async () => {
    const lines: string[] = [];
    const reader = createTask(async () => {
      for await (const line of tail(path, options)) lines.push(line);
    });
    await sleep(1000);
    await work();
    await sleep(60_000);
    reader.cancel();
    await reader.then(null, () => {});
    return lines;
  });
}

describe("without following", () => {
  test.each([
    [0, []],
    [1, ["three"]],
    [2, ["two", "three"]],
    [10, ["one", "two", "three"]],
  ])("the last %i lines", async (lines, expected) => {
    expect(await linesOf(fileWith("one\ntwo\nthree\n"), { lines })).toEqual(expected);
    expect(await linesOf(fileWith("one\r\ntwo\nthree"), { lines })).toEqual(expected);
  });

  test("10 lines when nothing is said, all from the start", async () => {
    const all = Array.from({ length: 30 }, (_, n) => `line ${n}`);
    const path = fileWith(`${all.join("\n")}\n`);
    expect(await linesOf(path)).toEqual(all.slice(20));
    expect(await linesOf(path, { fromEnd: false })).toEqual(all);
  });

  test("empty lines are lines, an empty file has none", async () => {
    expect(await linesOf(fileWith("\n\na\n\n"), { lines: 2 })).toEqual(["a", ""]);
    expect(await linesOf(fileWith("\n\n"))).toEqual(["", ""]);
    expect(await linesOf(fileWith(""))).toEqual([]);
  });

  test("a line that begins with a piece of the file is found", async () => {
    const path = fileWith(`${"x".repeat(65_535)}\n${"y".repeat(65_536)}`);
    expect(await linesOf(path, { lines: 1 })).toEqual(["y".repeat(65_536)]);
  });

  test("any last lines of any file are those that a split gives", async () => {
    const text = fc.array(fc.constantFrom("a", "\n", "é", "😀", "x".repeat(40_000)), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(text, fc.nat({ max: 8 }), async (parts, lines) => {
        const content = parts.join("");
        const all = content.split("\n");
        if (all.at(-1) === "") all.pop();
        const expected = lines === 0 ? [] : all.slice(-lines);
        expect(await linesOf(fileWith(content), { lines })).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test("lines across pieces, long ones and characters of several bytes", async () => {
    const lines = ["é".repeat(50_000), "😀".repeat(40_000), "short", "x".repeat(200_000)];
    expect(await linesOf(fileWith(lines.join("\n")), { fromEnd: false })).toEqual(lines);
  });

  test("a line longer than the limit comes in pieces, cut between characters", async () => {
    const line = "aé😀".repeat(30_000);
    const pieces = await linesOf(fileWith(`${line}\nnext`), { limit: 65_536, fromEnd: false });
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.at(-1)).toBe("next");
    expect(pieces.slice(0, -1).join("")).toBe(line);
  });

  test("what is no UTF-8 becomes U+FFFD; Latin-1 where that is told", async () => {
    const path = fileWith(Buffer.from([0x61, 0xe9, 0x0a, 0xff, 0x0a]));
    expect(await linesOf(path)).toEqual(["a\ufffd", "\ufffd"]);
    expect(await linesOf(path, { encoding: "latin1" })).toEqual(["aé", "ÿ"]);
  });

  test("what is missing, or no file, is an error", async () => {
    const path = fresh("missing");
    await expect(linesOf(path)).rejects.toMatchObject({ operation: "tail", path, code: "ENOENT" });
    mkdirSync(path);
    await expect(linesOf(path)).rejects.toMatchObject({ operation: "tail", code: "EISDIR" });
    await expect(linesOf("/dev/null")).rejects.toMatchObject({ code: "EINVAL" });
  });

  test.skipIf(WINDOWS)("a pipe that nobody writes to is an error, at once", async () => {
    const path = fresh("pipe");
    execFileSync("mkfifo", [path]);
    await expect(linesOf(path)).rejects.toMatchObject({ operation: "tail", code: "EINVAL" });
  });

  test("refuses bad options, and what is no path", () => {
    expect(() => tail(5 as never)).toThrow("`path`");
    expect(() => tail("x", { lines: -1 })).toThrow("options.lines");
    expect(() => tail("x", { interval: 0 })).toThrow("options.interval");
    expect(() => tail("x", { limit: 3 })).toThrow("options.limit");
    expect(() => tail("x", { encoding: "utf16le" as "utf8" })).toThrow("options.encoding");
  });
});

test("an iterator says which file it reads, and whether it has ended", async () => {
  const path = fileWith("one\n");
  const lines = tail(path, { follow: false });
  expect(inspect(lines)).toBe(`<tail '${path}'>`);
  await lines.next();
  await lines.return();
  expect(inspect(lines)).toBe(`<tail '${path}' closed>`);
});

describe("following", () => {
  test("gives what is appended, and a line when its end has come", async () => {
    const path = fileWith("old\n");
    const lines = await tailed(path, async () => {
      appendFileSync(path, "one\ntw");
      await sleep(5000);
      appendFileSync(path, "o\nthr");
      await sleep(5000);
      appendFileSync(path, "ee\n");
    });
    expect(lines).toEqual(["old", "one", "two", "three"]);
  });

  test("puts a character together whose bytes come apart", async () => {
    const path = fileWith("");
    const bytes = Buffer.from("😀\n");
    const lines = await tailed(path, async () => {
      for (const byte of bytes) {
        appendFileSync(path, Buffer.of(byte));
        await sleep(1000);
      }
    });
    expect(lines).toEqual(["😀"]);
  });

  test("goes on with the new file after a rotation, and misses nothing of the old", async () => {
    const path = fileWith("0\n");
    const lines = await tailed(path, async () => {
      for (let n = 1; n <= 5; n++) {
        appendFileSync(path, `${n}\n`);
        await sleep(1000);
        renameSync(path, `${path}.${n}`);
        appendFileSync(`${path}.${n}`, `late ${n}\n`);
        writeFileSync(path, `new ${n}\n`);
        await sleep(1000);
      }
    });
    const expected = [1, 2, 3, 4, 5].flatMap((n) => [String(n), `late ${n}`, `new ${n}`]);
    expect(lines).toEqual(["0", ...expected]);
  });

  test("gives all of the new file, and what came to the old one at the last moment", async () => {
    const path = fileWith("old\n");
    const all = Array.from({ length: 30 }, (_, n) => `new ${n}`);
    // Between the read that found nothing more and the look at the path.
    const rotate = (real: (...args: unknown[]) => unknown, ...args: unknown[]): unknown => {
      if (!existsSync(`${path}.1`)) {
        appendFileSync(path, "the last\n");
        renameSync(path, `${path}.1`);
        writeFileSync(path, `${all.join("\n")}\n`);
      }
      return real(...args);
    };
    const lines = await tailed(path, () => withPatched("stat", rotate, () => sleep(5000)));
    expect(lines).toEqual(["old", "the last", ...all]);
  });

  test("reads the old file on while no new one is there", async () => {
    const path = fileWith("");
    const lines = await tailed(path, async () => {
      renameSync(path, `${path}.1`);
      await sleep(5000);
      appendFileSync(`${path}.1`, "still\nhalf");
      await sleep(5000);
      writeFileSync(path, "new\n");
    });
    expect(lines).toEqual(["still", "half", "new"]);
  });

  test("begins again when the file was emptied", async () => {
    const path = fileWith("one\ntwo\nha");
    const lines = await tailed(path, async () => {
      truncateSync(path);
      await sleep(1000);
      appendFileSync(path, "three\n");
    });
    expect(lines).toEqual(["one", "two", "ha", "three"]);
  });

  test.each([
    ["less", "3\n"],
    ["as much", "333333\n"],
    ["more", "3333333333333\n"],
  ])("begins again when it was emptied and filled with %s at once", async (_, content) => {
    const path = fileWith("one\n");
    const lines = await tailed(path, async () => {
      appendFileSync(path, "22\n");
      await sleep(1000);
      truncateSync(path);
      appendFileSync(path, content);
    });
    expect(lines).toEqual(["one", "22", content.trim()]);
  });

  test("waits for a file that is not there yet, and gives all of it", async () => {
    const path = fresh("later");
    const lines = await tailed(
      path,
      async () => {
        writeFileSync(path, "one\ntwo\n");
        await sleep(1000);
        unlinkSync(path);
        await sleep(1000);
        writeFileSync(path, "three\n");
      },
      { lines: 1 },
    );
    expect(lines).toEqual(["one", "two", "three"]);
  });

  test("follows a link that is led to another file", async () => {
    const path = fileWith("1\n");
    writeFileSync(`${path}.2`, "2\n");
    symlinkSync(path, `${path}.link`);
    const lines = await tailed(`${path}.link`, async () => {
      symlinkSync(`${path}.2`, `${path}.next`);
      renameSync(`${path}.next`, `${path}.link`);
      await sleep(1000);
    });
    expect(lines).toEqual(["1", "2"]);
  });

  test("looks more seldom while nothing happens, as often as `interval` at least, and soon after something did", async () => {
    const path = fileWith("");
    let looks = 0;
    const count = (real: (...args: unknown[]) => unknown, ...args: unknown[]): unknown => {
      looks++;
      return real(...args);
    };
    await runVirtual(async () => {
      await using lines = tail(path, { interval: 1000 });
      const next = createTask(() => lines.next());
      await withPatched("stat", count, () => sleep(600_000));
      expect(looks).toBeLessThan(650);
      appendFileSync(path, "at last\n");
      expect(await timeout(1000, () => next)).toEqual({ done: false, value: "at last" });
      const soon = createTask(() => lines.next());
      await sleep(1);
      appendFileSync(path, "and more\n");
      expect(await timeout(25, () => soon)).toEqual({ done: false, value: "and more" });
    });
  });
});

describe("leaving", () => {
  const isOpen = (path: string): boolean =>
    readdirSync("/proc/self/fd").some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false;
      }
    });

  test("a step that is cut short loses no line", async () => {
    const path = fileWith("");
    await runVirtual(async () => {
      await using lines = tail(path);
      const got: string[] = [];
      for (let n = 0; n < 20; n++) {
        appendFileSync(path, n % 2 === 0 ? `ha${n}` : `lf${n}\n`);
        const { value } = await moveOnAfter(n % 5, () => lines.next());
        if (value !== undefined) got.push(String(value.value));
      }
      while (got.length < 10) got.push(String((await lines.next()).value));
      expect(got).toEqual(Array.from({ length: 10 }, (_, n) => `ha${2 * n}lf${2 * n + 1}`));
    });
  });

  test.skipIf(process.platform !== "linux")(
    "closes the file, and ends a step that waits",
    async () => {
      const path = fileWith("one\n");
      const lines = tail(path);
      expect(await lines.next()).toEqual({ done: false, value: "one" });
      expect(isOpen(path)).toBe(true);
      const step = lines.next();
      await lines.return();
      expect(await step).toEqual({ done: true, value: undefined });
      expect(isOpen(path)).toBe(false);
      expect(await lines.next()).toEqual({ done: true, value: undefined });
    },
  );

  test.skipIf(process.platform !== "linux")(
    "that nobody closed is closed with its run",
    async () => {
      const path = fileWith("one\n");
      const lines = await run(async () => {
        const forgotten = tail(path);
        await forgotten.next();
        expect(isOpen(path)).toBe(true);
        return forgotten;
      });
      expect(isOpen(path)).toBe(false);
      expect((await lines.next()).done).toBe(true);
    },
  );

  test.skipIf(process.platform !== "linux")("cancelled at any point, closes the file", async () => {
    const points = await cancelEverywhere(async () => {
      const path = fileWith("one\ntwo\n");
      const got: string[] = [];
      try {
        for await (const line of tail(path, { lines: 1 })) {
          got.push(line);
          if (got.length === 1) appendFileSync(path, "three\n");
          else if (got.length === 2) {
            renameSync(path, `${path}.1`);
            writeFileSync(path, "four\n");
          } else break;
        }
      } finally {
        expect([isOpen(path), isOpen(`${path}.1`)]).toEqual([false, false]);
        expect(["two", "three", "four"].slice(0, got.length)).toEqual(got);
      }
    });
    expect(points).toBeGreaterThan(10);
  });
});
