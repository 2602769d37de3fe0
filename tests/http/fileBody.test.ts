/*
 * Files as bodies: ranges, lengths, files that change under the request.
 *
 * Over real sockets and files, so in real time.
 */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createTask, sleep } from "ambit";
import { ClientSession, fileBody, type UploadProgress } from "ambit/http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "./origin.ts";
import { Receiver } from "./receiver.ts";

let receiver: Receiver;
let folder: string;
let path: string;
beforeEach(async () => {
  receiver = await Receiver.start();
  folder = mkdtempSync(join(tmpdir(), "ambit-file-"));
  path = join(folder, "file");
  writeFileSync(path, "0123456789");
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await receiver[Symbol.asyncDispose]();
});

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

describe("a file", () => {
  test("is sent with its length, as a whole or a range of it", async () => {
    const whole = await receiver.post({ body: fileBody(path, { contentType: "text/x" }) });
    expect(whole.headers).toMatchObject({ "content-length": "10", "content-type": "text/x" });
    expect(String(whole.body)).toBe("0123456789");
    const ranges: [object, string][] = [
      [{ start: 3 }, "3456789"],
      [{ end: 3 }, "012"],
      [{ start: 2, end: 5 }, "234"],
      [{ start: 10 }, ""],
      [{ start: 4, end: 4 }, ""],
    ];
    for (const [range, expected] of ranges) {
      const body = fileBody(pathToFileURL(path), range);
      expect([body.length, body.name]).toEqual([expected.length, "file"]);
      expect(String((await receiver.post({ body })).body)).toBe(expected);
    }
  });

  test("that is empty, or big, arrives as it is", async () => {
    writeFileSync(path, "");
    expect((await receiver.post({ body: fileBody(path) })).headers["content-length"]).toBe("0");
    const big = Buffer.alloc(3_000_000, "0123456789abcdef");
    writeFileSync(path, big);
    expect((await receiver.post({ body: fileBody(path) })).body.equals(big)).toBe(true);
  });

  test("is read no faster than the server takes it", async () => {
    const handle = await open(path, "w");
    await handle.truncate(1024 * 1024 * 1024);
    await handle.close();
    receiver.reads = false;
    await using session = new ClientSession();
    let sent = 0;
    const onUpload = (progress: UploadProgress): void => void (sent = progress.sent);
    const task = createTask(() => session.post(receiver.url, { body: fileBody(path), onUpload }));
    await until(() => sent > 0, 5000);
    // What the two sockets' buffers take is the system's affair; that it ends is ours.
    let before = -1;
    while (before !== sent) {
      before = sent;
      await sleep(60);
    }
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    task.cancel();
    await task.then(null, () => undefined);
  });

  test("can be sent again, and is closed each time", async () => {
    const before = openFiles();
    await receiver.post({ body: fileBody(path) }, "/again");
    expect(receiver.received.map(({ body }) => String(body))).toEqual(["0123456789", "0123456789"]);
    await until(() => openFiles() <= before);
  });

  test("that has no size is sent up to its end", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const body = fileBody(pipe);
    expect(body.length).toBeNull();
    const [received] = await Promise.all([
      receiver.post({ body }),
      open(pipe, "w").then(async (handle) => {
        await handle.write("through the pipe");
        await handle.close();
      }),
    ]);
    expect(String(received.body)).toBe("through the pipe");
    expect(received.headers["transfer-encoding"]).toBe("chunked");
    expect(() => fileBody(pipe, { start: 1 })).toThrow(`${pipe} has no size`);
  });
});

describe("a file that has changed since the request was made", () => {
  test.each([
    ["is shorter", () => truncateSync(path, 4), "ends before", 4],
    ["is empty", () => truncateSync(path, 0), "ends before", 0],
    ["has grown", () => appendFileSync(path, "more"), "has grown beyond", 0],
  ])("and %s fails the request, and the next one is in order", async (_, change, words, sent) => {
    await using session = new ClientSession({ limit: 1 });
    const body = fileBody(path);
    change();
    await expect(session.post(receiver.url, { body })).rejects.toMatchObject({
      name: "RequestBodyError",
      message: `POST ${receiver.url}/: the file ${path} ${words} the 10 bytes it had`,
      sent,
    });
    expect(receiver.received).toEqual([]);
    await (await session.post(receiver.url, { body: "next" })).text();
    expect(receiver.received.map((request) => String(request.body))).toEqual(["next"]);
  });

  test("may have grown beyond an `end`", async () => {
    const body = fileBody(path, { end: 10 });
    appendFileSync(path, "more");
    expect(String((await receiver.post({ body })).body)).toBe("0123456789");
  });

  test("and is gone fails the request with the system's error", async () => {
    const body = fileBody(path);
    rmSync(path);
    await expect(receiver.post({ body })).rejects.toMatchObject({
      name: "RequestBodyError",
      cause: { code: "ENOENT" },
    });
  });
});

test("what is no file, or no range of it, is refused at once", () => {
  mkdirSync(join(folder, "dir"));
  const refused: [() => unknown, string][] = [
    [() => fileBody(join(folder, "none")), "ENOENT"],
    [() => fileBody(join(folder, "dir")), "is a folder: send its files one by one"],
    [
      () => fileBody(5 as unknown as string),
      "Expected `path` to be a string or a file URL, got `5`",
    ],
    [() => fileBody(path, { start: 11 }), "Expected `options` to be a range of the 10 bytes of"],
    [() => fileBody(path, { end: 11 }), "Expected `options` to be a range of the 10 bytes of"],
    [
      () => fileBody(path, { start: 5, end: 4 }),
      "Expected `options.end` to be an integer of at least 5",
    ],
    [
      () => fileBody(path, { start: -1 }),
      "Expected `options.start` to be an integer of at least 0",
    ],
    [
      () => fileBody(path, { contentType: 1 as unknown as string }),
      "Expected `options.contentType`",
    ],
  ];
  for (const [attempt, words] of refused) expect(attempt).toThrow(words);
});
