/**
 * Named pipes as files: nothing hangs that a cancel could not end.
 */
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { createTask, moveOnAfter, sleep, timeout } from "ambit";
import { ClosedFileError, open, UnsupportedOperationError } from "ambit/files";
import { describe, expect, test } from "vitest";
import { folders, WINDOWS } from "./folder.ts";

const fresh = folders();

function pipe(): string {
  const path = fresh("pipe");
  execFileSync("mkfifo", [path]);
  return path;
}

/** Opens the other end, which this process holds both of for a moment. */
function writerOf(path: string): number {
  return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
}

describe.skipIf(WINDOWS)("a named pipe", () => {
  test("is waited for while it is read, in any number, and other files are not held up", async () => {
    const files = await Promise.all(Array.from({ length: 12 }, () => open(pipe())));
    const reads = files.map((file) => createTask(() => file.read(1)));
    await sleep(0);
    const other = fresh();
    writeFileSync(other, "other");
    await using file = await open(other);
    expect(await file.read()).toBe("other");
    for (const read of reads) read.cancel();
    const ends = await Promise.allSettled(reads);
    expect(ends.every(({ status }) => status === "rejected")).toBe(true);
    for (const each of files) await each.close();
  });

  test("loses nothing to a read that was cancelled", async () => {
    const path = pipe();
    await using file = await open(path);
    const fd = writerOf(path);
    writeSync(fd, "half a l");
    const { cancelledCaught } = await moveOnAfter(30, () => file.readline());
    expect(cancelledCaught).toBe(true);
    writeSync(fd, "ine\nrest");
    closeSync(fd);
    expect(await file.readline()).toBe("half a line\n");
    expect(await file.read()).toBe("rest");
    expect(await file.read()).toBe("");
  });

  test("to be written waits for its reader, and can be given up", async () => {
    const path = pipe();
    const { cancelledCaught } = await moveOnAfter(30, () => open(path, "w"));
    expect(cancelledCaught).toBe(true);
    const writing = createTask(async () => {
      await using file = await open(path, "w");
      await file.write("to the other end");
    });
    await using reader = await open(path);
    await writing;
    expect(await reader.read()).toBe("to the other end");
  });

  test("that is full holds back the writer, whose cancel and close end at once", async () => {
    const path = pipe();
    await using reader = await open(path, "rb");
    const large = Buffer.alloc(4 * 1024 * 1024, 1);
    const { cancelledCaught } = await moveOnAfter(50, async () => {
      await using file = await open(path, "wb");
      for (;;) await file.write(large);
    });
    expect(cancelledCaught).toBe(true);
    const rest = await timeout(20_000, () => reader.read());
    expect(rest.length).toBeLessThan(2 * large.length);
  });

  test("that is closed lets go who reads it", async () => {
    const file = await open(pipe());
    const reading = createTask(() => file.readline());
    await sleep(0);
    await file.close();
    await expect(reading).rejects.toThrow(ClosedFileError);
  });

  test("has no positions", async () => {
    await using file = await open(pipe());
    expect(file.seekable()).toBe(false);
    expect(() => file.seek(0)).toThrow(UnsupportedOperationError);
    expect(() => file.tell()).toThrow("which has no positions");
  });
});

describe.skipIf(WINDOWS)("devices", () => {
  test("are read and written like files", async () => {
    await using zero = await open("/dev/zero", "rb");
    expect(await zero.read(5)).toEqual(Buffer.alloc(5));
    await using nothing = await open("/dev/null", "wb");
    expect(await nothing.write(Buffer.alloc(100_000))).toBe(100_000);
  });

  test.skipIf(process.platform !== "linux")(
    "of no length have a content all the same",
    async () => {
      await using file = await open("/proc/version");
      expect(await file.read()).toBe(readFileSync("/proc/version", "utf8"));
    },
  );
});
