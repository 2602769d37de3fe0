/**
 * `file`, over exchanges in memory: what it refuses, how it is sent, what becomes of a file that changes meanwhile, and
 * of its descriptor. The files are real; where a test says so, time isn't.
 */
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createTask, run, sleep } from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import {
  contentDisposition,
  file,
  FileChangedError,
  type FileOptions,
  HttpError,
  NotFound,
  ServiceUnavailable,
} from "ambit/web";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inTurn } from "../../src/web/descriptorTurns.ts";
import { sendReply } from "../../src/web/sendReply.ts";
import { answered } from "./answered.ts";
import { type FakeExchange, type FakeInit, fakeRequest } from "./fakeExchange.ts";

const CHUNK = 256 * 1024;
const LARGE = Buffer.alloc(CHUNK * 3 + 1000, "0123456789abcdef");

let folder = "";
let small = "";
let large = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ambit-file-"));
  small = join(folder, "small.txt");
  large = join(folder, "large.bin");
});

beforeEach(() => {
  writeFileSync(small, "hello");
  writeFileSync(large, LARGE);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Descriptors of ours that lead to a file below the folder. */
function openHere(): number {
  return readdirSync("/proc/self/fd").filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;
}

/** Closing is done by a thread. */
async function allClosed(): Promise<boolean> {
  for (let turn = 0; turn < 200 && openHere() > 0; turn++) await sleep(1);
  return openHere() === 0;
}

/** A reply that is being sent to a client that takes nothing yet. */
async function underWay(path: string, options: FileOptions = {}, init: FakeInit = {}) {
  const request = fakeRequest({ slow: true, ...init });
  const exchange = request.exchange as FakeExchange;
  const task = createTask(async () => sendReply(request, await file(path, options)));
  while (exchange.pieces.length === 0 && !task.done()) await sleep(1);
  const takeAll = async (): Promise<unknown> => {
    while (!task.done()) {
      exchange.takeAll();
      await sleep(0);
    }
    return task.exception();
  };
  return { exchange, task, takeAll };
}

describe("what is sent", () => {
  test("a small file goes in one call, and is closed before", () =>
    run(async () => {
      const { exchange, header, text } = await answered({}, () => file(small));
      expect(exchange.log).toEqual(["send 200"]);
      expect([text, header("content-length"), header("content-type")]).toEqual([
        "hello",
        "5",
        "text/plain; charset=utf-8",
      ]);
      expect(await allClosed()).toBe(true);
    }));

  test("a large one goes in chunks, one at a time", () =>
    run(async () => {
      const { exchange, takeAll } = await underWay(large);
      await sleep(20);
      expect(exchange.log).toEqual(["begin 200", `write ${CHUNK}`]);
      expect(await takeAll()).toBeUndefined();
      expect(exchange.bytes.equals(LARGE)).toBe(true);
      expect(exchange.header("content-length")).toBe(String(LARGE.length));
      expect(exchange.log.slice(1)).toEqual([
        ...[CHUNK, CHUNK, CHUNK, 1000].map((size) => `write ${size}`),
        "end",
      ]);
      expect(await allClosed()).toBe(true);
    }));

  test("large ranges go in chunks, too", () =>
    run(async () => {
      const range = `bytes=10-${CHUNK * 2 + 9}, -5`;
      const { exchange, takeAll } = await underWay(large, {}, { headers: { range } });
      expect(await takeAll()).toBeUndefined();
      expect(exchange.status).toBe(206);
      expect(exchange.header("content-length")).toBe(String(exchange.bytes.length));
      const text = exchange.bytes.toString("latin1");
      expect(text).toContain(LARGE.subarray(10, CHUNK * 2 + 10).toString("latin1"));
      expect(text).toContain(`\r\n\r\n${LARGE.subarray(-5).toString("latin1")}\r\n--`);
      expect(await allClosed()).toBe(true);
    }));

  test("an empty file is an empty answer", () =>
    run(async () => {
      writeFileSync(small, "");
      const { status, header, bytes } = await answered({}, () => file(small));
      expect([status, header("content-length"), bytes.length]).toEqual([200, "0", 0]);
    }));

  test("a file URL will do", () =>
    run(async () =>
      expect((await answered({}, () => file(pathToFileURL(small)))).text).toBe("hello"),
    ));

  test("type, headers and status may be set", () =>
    run(async () => {
      const { status, header } = await answered({}, () =>
        file(small, {
          status: 201,
          type: "text/x-own",
          headers: { etag: '"own"' },
          cache: { maxAge: 60_000 },
        }),
      );
      expect([status, header("content-type"), header("etag")]).toEqual([
        201,
        "text/x-own",
        '"own"',
      ]);
      expect(header("cache-control")).toBe("public, max-age=60");
    }));

  test("a tag that was set is the one that conditions are about", () =>
    run(async () => {
      const headers = { "if-none-match": '"own"' };
      const reply = () => file(small, { headers: { etag: '"own"' } });
      expect((await answered({ headers }, reply)).status).toBe(304);
      expect((await answered({ headers: { "if-none-match": '"x"' } }, reply)).status).toBe(200);
    }));

  test("a file that is saved has a name", () =>
    run(async () => {
      const named = async (download: string | true): Promise<string | null> =>
        (await answered({}, () => file(small, { download }))).header("content-disposition");
      expect(await named(true)).toBe('attachment; filename="small.txt"');
      expect(await named("Übersicht.pdf")).toBe(
        "attachment; filename=\"_bersicht.pdf\"; filename*=UTF-8''%C3%9Cbersicht.pdf",
      );
    }));

  test.each([
    ["a b.txt", 'attachment; filename="a b.txt"'],
    ["../../etc/passwd", 'attachment; filename="passwd"'],
    ["C:\\temp\\a.txt", 'attachment; filename="a.txt"'],
    ['a"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"],
    ["50%25.txt", "attachment; filename=\"50_25.txt\"; filename*=UTF-8''50%2525.txt"],
    ["100%.txt", 'attachment; filename="100%.txt"'],
    ["a\r\nset-cookie: x", 'attachment; filename="a__set-cookie: x"'],
    ["(it's)*.txt", 'attachment; filename="(it\'s)*.txt"'],
    [
      "€(1)'*.txt",
      "attachment; filename=\"_(1)'*.txt\"; filename*=UTF-8''%E2%82%AC%281%29%27%2A.txt",
    ],
    ["\ud800.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%EF%BF%BD.txt"],
  ])("%j is said as a header can", (name, value) =>
    expect(contentDisposition("attachment", name)).toBe(value),
  );

  test("what is no name is refused", () => {
    for (const name of ["", "..", "a/", "/"])
      expect(() => contentDisposition("inline", name)).toThrow(
        "Expected `filename` to be the name of a file",
      );
    expect(contentDisposition("inline")).toBe("inline");
  });
});

describe("what is refused", () => {
  const statusOf = (path: string, options?: FileOptions): Promise<unknown> =>
    file(path, options).then(
      () => 200,
      (error: unknown) => (error as HttpError).status,
    );

  test("what is not there, and what is no file", () =>
    run(async () => {
      expect(await statusOf(join(folder, "missing"))).toBe(404);
      expect(await statusOf(folder)).toBe(404);
      expect(await statusOf("/dev/null")).toBe(404);
      expect(await statusOf(`${small}\0.txt`)).toBe(404);
      expect(await statusOf(join(folder, "x".repeat(300)))).toBe(404);
      expect(await statusOf(join(small, "x"))).toBe(404);
      expect(await allClosed()).toBe(true);
    }));

  test("the error says why to the program, not to the visitor", () =>
    run(async () => {
      const error = await file(join(folder, "missing")).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(NotFound);
      expect((error as Error).message).toBe("Not Found");
      expect(((error as Error).cause as NodeJS.ErrnoException).code).toBe("ENOENT");
    }));

  test("with a root, what leads out of it", () =>
    run(async () => {
      const root = folder;
      expect(await statusOf("small.txt", { root })).toBe(200);
      for (const path of ["../x", small, ".", "", ".hidden", "small.txt/", "a\\b"])
        expect(await statusOf(path, { root }).catch(() => "type"), path).not.toBe(200);
    }));

  test.each<[unknown, FileOptions, string]>([
    [5, {}, "Expected `path` to be the path of a file or a file URL, got `5` (number)"],
    ["a", { root: "" }, "Expected `options.root` to be the path of a folder"],
    ["a", { cache: { maxAge: NaN } }, "Expected `options.cache.maxAge` to be a number"],
    ["a", { download: ".." }, "Expected `filename` to be the name of a file"],
  ])("%j with %j", (path, options, words) =>
    run(() => expect(file(path as string, options)).rejects.toThrow(words)),
  );
});

describe("a file that changes", () => {
  test("one that becomes shorter while it is sent breaks the answer off", () =>
    run(async () => {
      const { exchange, takeAll } = await underWay(large);
      truncateSync(large, CHUNK + 10);
      expect(await takeAll()).toBeInstanceOf(FileChangedError);
      expect(exchange.log).not.toContain("end");
      expect(exchange.bytes.length).toBeLessThan(LARGE.length);
      expect(await allClosed()).toBe(true);
    }));

  test("one that is written over in place, with as many bytes, does too", () =>
    run(async () => {
      const { exchange, takeAll } = await underWay(large);
      await sleep(20);
      writeFileSync(large, Buffer.alloc(LARGE.length, "x"));
      expect(await takeAll()).toBeInstanceOf(FileChangedError);
      expect(exchange.log).not.toContain("end");
      expect(exchange.bytes.length).toBeLessThan(LARGE.length);
    }));

  test("one that is replaced by renaming is sent to its end, as it was", () =>
    run(async () => {
      const { exchange, takeAll } = await underWay(large);
      writeFileSync(`${large}.new`, "new");
      renameSync(`${large}.new`, large);
      expect(await takeAll()).toBeUndefined();
      expect(exchange.bytes.equals(LARGE)).toBe(true);
    }));

  test("one that grows breaks the answer off, unless it may", () =>
    run(async () => {
      const first = await underWay(large);
      await sleep(20);
      appendFileSync(large, "more");
      expect(await first.takeAll()).toBeInstanceOf(FileChangedError);
      const second = await underWay(large, { growing: true });
      await sleep(20);
      appendFileSync(large, "still more");
      expect(await second.takeAll()).toBeUndefined();
      expect(second.exchange.bytes.toString().endsWith("more")).toBe(true);
      expect(String(second.exchange.bytes.length)).toBe(second.exchange.header("content-length"));
    }));

  test("a small one that changes while it is read is read again, with another tag", () =>
    run(async () => {
      const reply = await file(small);
      // Between the opening and the reading.
      await sleep(20);
      writeFileSync(small, "hello, world");
      const { text, header } = await answered({}, () => reply);
      expect([text, header("content-length")]).toEqual(["hello, world", "12"]);
      const again = await answered({}, () => file(small));
      expect(header("etag")).toBe(again.header("etag"));
    }));

  test("one whose range is gone by then gets what is there", () =>
    run(async () => {
      const reply = await file(small);
      await sleep(20);
      writeFileSync(small, "hi");
      const { status, text, header } = await answered(
        { headers: { range: "bytes=1-4" } },
        () => reply,
      );
      expect([status, text, header("content-range")]).toEqual([206, "i", "bytes 1-1/2"]);
    }));

  test("one that has no such range any more is sent whole", () =>
    run(async () => {
      const reply = await file(small);
      await sleep(20);
      const { atime } = statSync(small);
      writeFileSync(small, "");
      utimesSync(small, atime, new Date(0));
      const { status, header } = await answered({ headers: { range: "bytes=-3" } }, () => reply);
      expect([status, header("content-length"), header("content-range")]).toEqual([200, "0", null]);
    }));

  test("one that never stands still is a 503", () =>
    run(async () => {
      let at = 0;
      const reply = await file(small, {
        // Asked for at each attempt: then it changes.
        etag: () => {
          utimesSync(small, ++at, at);
          return '"x"';
        },
      });
      const { thrown } = await answered({}, () => reply);
      expect(thrown).toBeInstanceOf(ServiceUnavailable);
      expect((thrown as Error).message).toBe("the file is being written");
      expect(await allClosed()).toBe(true);
    }));

  test("tags tell versions apart", () =>
    run(async () => {
      const tag = async (): Promise<string | null> =>
        (await answered({}, () => file(small))).header("etag");
      const first = await tag();
      expect(await tag()).toBe(first);
      const { atimeMs, mtimeMs } = statSync(small);
      utimesSync(small, atimeMs / 1000, mtimeMs / 1000 + 0.001);
      const second = await tag();
      expect(second).not.toBe(first);
      writeFileSync(`${small}.new`, "hello");
      utimesSync(`${small}.new`, atimeMs / 1000, mtimeMs / 1000 + 0.001);
      renameSync(`${small}.new`, small);
      expect(await tag()).not.toBe(second);
    }));
});

describe("the descriptor", () => {
  test.each<[string, (path: string) => Promise<void>]>([
    ["a HEAD", async (path) => void (await answered({ method: "HEAD" }, () => file(path)))],
    [
      "a 304",
      async (path) =>
        void (await answered({ headers: { "if-none-match": "*" } }, () => file(path))),
    ],
    [
      "a 412",
      async (path) => void (await answered({ headers: { "if-match": '"x"' } }, () => file(path))),
    ],
    [
      "a 416",
      async (path) =>
        void (await answered({ headers: { range: "bytes=9999999-" } }, () => file(path))),
    ],
    [
      "a reply that nobody sends",
      async (path) => {
        await createTask(async () => void (await file(path)));
      },
    ],
    [
      "a reply that gets another body",
      async (path) => {
        await createTask(async () => {
          const reply = await file(path);
          reply.body = null;
        });
      },
    ],
    [
      "a client that has left",
      async (path) => {
        const { exchange, task } = await underWay(path);
        exchange.abort();
        let more = 0;
        exchange.write = () => (more++, true);
        await task;
        // Nothing is read for nobody.
        expect(more).toBe(0);
      },
    ],
  ])("is closed after %s", (_, use) =>
    run(async () => {
      await use(small);
      await use(large);
      expect(await allClosed()).toBe(true);
    }),
  );

  test.each([["small"], ["large"]])(
    "is closed when it is cancelled at any wait, and never under a read: %s",
    async (which) => {
      let runs = 0;
      const points = await cancelEverywhere(async () => {
        runs++;
        const request = fakeRequest(which === "large" ? { slow: true } : {});
        const exchange = request.exchange as FakeExchange;
        const sending = createTask(async () =>
          sendReply(request, await file(which === "large" ? large : small)),
        );
        try {
          while (!sending.done()) {
            exchange.takeAll();
            await sleep(1);
          }
          await sending;
        } finally {
          sending.cancel();
        }
      });
      expect(points).toBeGreaterThan(2);
      expect(runs).toBe(points + 1);
      expect(await run(allClosed)).toBe(true);
    },
  );

  test("who gets none waits its turn, in the order of coming", () =>
    runVirtual(async () => {
      let free = 0;
      const order: string[] = [];
      const ask = (name: string) => async (): Promise<number> => {
        await sleep(0);
        if (free === 0) throw Object.assign(new Error("none left"), { code: "EMFILE" });
        free--;
        order.push(name);
        return 7;
      };
      const tasks = ["a", "b", "c"].map((name) => createTask(() => inTurn(ask(name))));
      // Not when the first of the line tries again.
      await sleep(103);
      free = 1;
      await sleep(50);
      expect(order).toEqual(["a"]);
      // A newcomer does not get in before those who wait.
      free = 1;
      const late = createTask(() => inTurn(ask("late")));
      await sleep(50);
      expect(order).toEqual(["a", "b"]);
      free = 2;
      for (const task of [...tasks, late]) expect(await task).toBe(7);
      expect(order).toEqual(["a", "b", "c", "late"]);
    }));

  test("who waits too long is sent away, who is cancelled leaves the line", () =>
    runVirtual(async () => {
      const never = (): Promise<number> =>
        Promise.reject(Object.assign(new Error("none left"), { code: "ENFILE" }));
      const first = createTask(() => inTurn(never));
      const second = createTask(() => inTurn(never));
      await sleep(1000);
      second.cancel();
      const third = createTask(() => inTurn(() => Promise.resolve(7)));
      const error = await first.then(null, (error: unknown) => error);
      expect(error).toBeInstanceOf(ServiceUnavailable);
      expect((error as HttpError).headers).toEqual({ "retry-after": "1" });
      expect(await third).toBe(7);
    }));

  test("another error is nobody's turn", () =>
    runVirtual(() =>
      expect(inTurn(() => Promise.reject(new Error("other")))).rejects.toThrow("other"),
    ));
});

test("a file is answered in virtual time, too", () =>
  runVirtual(async () => {
    const { text } = await answered({}, () => file(small));
    expect(text).toBe("hello");
  }));
