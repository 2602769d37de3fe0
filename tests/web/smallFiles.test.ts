/**
 * What is remembered of small files. The files are real; the time isn't: two seconds must pass before a file counts as
 * settled.
 */
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { file } from "ambit/web";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fakeRequest } from "./fakeExchange.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ambit-small-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** The very bytes that would be sent. */
async function bytesOf(path: string, headers = {}): Promise<Uint8Array> {
  const reply = await file(path);
  const { body } = reply;
  await (body as { fit(request: unknown, reply: unknown): Promise<void> }).fit(
    fakeRequest({ headers }),
    reply,
  );
  return reply.body as Uint8Array;
}

function inVirtualTime(body: (path: string) => Promise<void>): Promise<void> {
  const path = join(folder, `${crypto.randomUUID()}.txt`);
  writeFileSync(path, "0123456789");
  return runVirtual(() => body(path));
}

test("a file that has settled is read once", () =>
  inVirtualTime(async (path) => {
    await sleep(5000);
    const first = await bytesOf(path);
    expect(Buffer.from(first).toString()).toBe("0123456789");
    expect(await bytesOf(path)).toBe(first);
    const part = await bytesOf(path, { range: "bytes=2-4" });
    expect(Buffer.from(part).toString()).toBe("234");
    expect(part.buffer).toBe(first.buffer);
  }));

test("one that has just been written is read each time", () =>
  inVirtualTime(async (path) => {
    const first = await bytesOf(path);
    expect((await bytesOf(path)) === first).toBe(false);
  }));

test("one that is written over is read again, whatever its size and its time say", () =>
  inVirtualTime(async (path) => {
    await sleep(5000);
    const { atime, mtime } = statSync(path);
    await bytesOf(path);
    writeFileSync(path, "abcdefghij");
    utimesSync(path, atime, mtime);
    expect(Buffer.from(await bytesOf(path)).toString()).toBe("abcdefghij");
    writeFileSync(path, "short");
    expect(Buffer.from(await bytesOf(path)).toString()).toBe("short");
  }));

test("those that were not asked for longest are forgotten past 16 MiB", () =>
  runVirtual(async () => {
    const paths = Array.from({ length: 70 }, (_, at) => join(folder, `${at}.bin`));
    for (const path of paths) {
      const descriptor = openSync(path, "w");
      ftruncateSync(descriptor, 256 * 1024);
      closeSync(descriptor);
    }
    await sleep(5000);
    const [oldest = "", second = ""] = paths;
    const kept = await bytesOf(oldest);
    const gone = await bytesOf(second);
    for (const path of paths.slice(2)) {
      await bytesOf(path);
      expect((await bytesOf(oldest)) === kept).toBe(true);
    }
    expect((await bytesOf(second)) === gone).toBe(false);
  }));
