/**
 * Lists of what to get: their formats, their mistakes, and that nothing of them is kept. Time is real
 * here, since files and pipes know no other.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { assert, asyncProperty, integer, uniqueArray } from "fast-check";
import { afterAll, expect, test } from "vitest";
import { createTask, isCancelled, run, sleep } from "ambit";
import { ListError, type ListItem } from "../../../src/cli/get/listItem.ts";
import { ListLines } from "../../../src/cli/get/listLines.ts";
import { Lists } from "../../../src/cli/get/lists.ts";
import { ListParser } from "../../../src/cli/get/listParser.ts";
import { FakePipe } from "../screen.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const folder = mkdtempSync(join(tmpdir(), "ambit-lists-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

interface Read {
  readonly items: Omit<ListItem, "where">[];
  readonly where: string[];
  readonly warnings: string[];
  readonly errors: string[];
}

async function read(inputs: readonly string[], stdin: Readable = Readable.from([])): Promise<Read> {
  const result: Read = { items: [], where: [], warnings: [], errors: [] };
  const streams = { in: () => stdin, out: new FakePipe(), err: new FakePipe(), env: {} };
  const lists = new Lists({ urls: [], inputs }, streams);
  const listener = {
    warn: (text: string) => result.warnings.push(text),
    reject: (error: ListError) => result.errors.push(error.message),
  };
  for await (const { where, ...item } of lists.items(listener)) {
    result.items.push(item);
    result.where.push(where);
  }
  return result;
}

/** Lines to items, by the parser alone. */
function parse(...lines: string[]): Read {
  const result: Read = { items: [], where: [], warnings: [], errors: [] };
  const parser = new ListParser("list", (text) => result.warnings.push(text));
  const keep = (item: ListItem | undefined): void => {
    if (item === undefined) return;
    const { where, ...rest } = item;
    result.items.push(rest);
    result.where.push(where);
  };
  for (const line of lines) {
    try {
      keep(parser.take(line));
    } catch (error) {
      result.errors.push((error as ListError).message);
    }
  }
  keep(parser.end());
  return result;
}

test("a list has URLs, names, mirrors, objects and options, each told by its line", () => {
  const { items, where, warnings, errors } = parse(
    "# all there is",
    "",
    "http://h/plain",
    "  # a comment may be indented",
    "http://h/named\tsub/a name.txt",
    "http://h/a\thttp://m1/a\thttps://m2/a",
    "  out=one.iso",
    "\tdir=isos",
    `  checksum=sha-256=${"A".repeat(64)}`,
    "  header=X-One: 1",
    "  header=X-Two: 2",
    "  split=5",
    '{"url":"http://h/j","output":"j.txt","headers":{"A":"b"},"mirrors":["http://m/j"],"id":7}',
    "http://h/last\thttp://m/last\tlast.txt",
    "  split=6",
  );
  expect(items).toEqual([
    { url: "http://h/plain" },
    { url: "http://h/named", output: "sub/a name.txt" },
    {
      url: "http://h/a",
      mirrors: ["http://m1/a", "https://m2/a"],
      output: "one.iso",
      directory: "isos",
      checksum: `sha256=${"a".repeat(64)}`,
      headers: [
        ["X-One", "1"],
        ["X-Two", "2"],
      ],
    },
    { url: "http://h/j", output: "j.txt", headers: [["A", "b"]], mirrors: ["http://m/j"] },
    { url: "http://h/last", mirrors: ["http://m/last"], output: "last.txt" },
  ]);
  expect(where).toEqual(["list:3", "list:5", "list:6", "list:13", "list:14"]);
  expect(warnings).toEqual([
    "list:12: the option `split` is not known, and left out",
    "list:13: the option `id` is not known, and left out",
  ]);
  expect(errors).toEqual([]);
});

test.each([
  ["  out=x", "list:1: `out=x` is indented, and stands below no URL"],
  ["http://h/a\tone\ttwo", "list:1: `one` and `two`: a file has one name"],
  ['{"url":', "list:1: the line begins like a JSON object, and is none"],
  ["{}", 'list:1: the object has no "url"'],
  ['{"url":5}', 'list:1: "url" must be a string, not `5`'],
  ['{"url":"a","headers":["b"]}', 'list:1: "headers" must be an object of strings'],
  ['{"url":"a","mirrors":"b"}', 'list:1: "mirrors" must be a list of URLs'],
  [
    '{"url":"a","checksum":"12"}',
    'list:1: "checksum" must be a checksum such as sha256=9f86d0... (64 hex digits), not `12`',
  ],
])("the line %j is refused, and the next one is taken all the same", (line, message) => {
  const { items, errors } = parse(line, "http://h/next");
  expect(errors).toEqual([message]);
  expect(items).toEqual([{ url: "http://h/next" }]);
});

test("an option that is wrong is refused with its own line, and the URL above it stays", () => {
  const { items, errors } = parse("http://h/a", "  checksum=sha-256=zz", "  header=Bearer");
  expect(errors).toEqual([
    "list:2: checksum must be a checksum such as sha256=9f86d0... (64 hex digits), not `sha-256=zz`",
    "list:3: header must be `Name: value`, not `Bearer`",
  ]);
  expect(items).toEqual([{ url: "http://h/a" }]);
});

test("a file is read in order after another, with CRLF, BOM and no newline at its end", async () => {
  const first = file("first.txt", "\uFEFFhttp://h/1\r\nhttp://h/2\tname\r\n");
  const second = file("second.txt", "http://h/3\n\nhttp://h/ü");
  const { items, where } = await read([first, second]);
  expect(items.map(({ url }) => url)).toEqual([
    "http://h/1",
    "http://h/2",
    "http://h/3",
    "http://h/ü",
  ]);
  expect(items[1]?.output).toBe("name");
  expect(where).toEqual([`${first}:1`, `${first}:2`, `${second}:1`, `${second}:3`]);
});

test("gzip is told by its first bytes, from a file and from a pipe, whatever its name", async () => {
  const packed = gzipSync("http://h/1\nhttp://h/2\n  out=x\n");
  const expected = [{ url: "http://h/1" }, { url: "http://h/2", output: "x" }];
  expect((await read([file("list.txt", packed)])).items).toEqual(expected);
  const bytes = Readable.from([packed.subarray(0, 1), packed.subarray(1, 9), packed.subarray(9)]);
  expect((await read(["-"], bytes)).items).toEqual(expected);
});

test("a list that cannot be read is refused with its name, what was read of it stays", async () => {
  const whole = gzipSync(
    Array.from({ length: 20_000 }, (_, n) => `http://h/${n}/${Math.sin(n)}\n`).join(""),
  );
  const torn = await read([file("torn.gz", whole.subarray(0, whole.length / 2))]);
  expect(torn.items.length).toBeGreaterThan(1000);
  expect(torn.errors).toEqual([
    expect.stringMatching(/torn\.gz:\d+: it is packed by gzip, and breaks off$/),
  ]);
  const bad = Buffer.from(whole);
  bad.fill(0, 200, 220);
  expect((await read([file("bad.gz", bad)])).errors).toEqual([
    expect.stringMatching(/bad\.gz(:\d+)?: it is packed by gzip, and (damaged|breaks off)$/),
  ]);
  expect((await read([folder])).errors).toEqual([`${folder}: it is a folder`]);
  const long = file("long", "x".repeat(2_000_000));
  expect((await read([long])).errors).toEqual([`${long}: it has a line longer than 1 MiB`]);
  await expect(read([join(folder, "none")])).rejects.toThrow(
    new ListError(join(folder, "none"), "there is no such file"),
  );
});

test("however the bytes are cut into pieces, the lines are the same", async () => {
  const text = "http://h/ä\r\n# €\nhttp://h/🚀\tna me\n\n  out=x";
  const bytes = Buffer.from(text);
  const cuts = uniqueArray(integer({ min: 1, max: bytes.length - 1 }));
  const whole = (await read(["-"], Readable.from([bytes]))).items;
  await assert(
    asyncProperty(cuts, async (places) => {
      const at = [0, ...places.sort((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      expect((await read(["-"], Readable.from(pieces))).items).toEqual(whole);
    }),
    { numRuns: 50 },
  );
  expect(whole).toEqual([{ url: "http://h/ä" }, { url: "http://h/🚀", output: "x" }]);
});

test("a URL from a pipe does not wait for the next line for long", async () => {
  const stdin = new PassThrough();
  stdin.write("http://h/1\n");
  const streams = { in: () => stdin, out: new FakePipe(), err: new FakePipe(), env: {} };
  const lists = new Lists({ urls: [], inputs: ["-"] }, streams);
  const items = lists.items({ warn: () => {}, reject: () => {} });
  expect((await items.next()).value).toEqual({ url: "http://h/1", where: "standard input:1" });
  stdin.end("http://h/2\n  out=two\n");
  expect((await items.next()).value).toMatchObject({ url: "http://h/2", output: "two" });
  expect(await items.next()).toEqual({ done: true, value: undefined });
});

test("who waits for a line is cancelled at once, and the list is let go", async () => {
  const stdin = new PassThrough();
  await run(async () => {
    const task = createTask(async () => {
      const lines = new ListLines("list", stdin);
      try {
        return await lines.read();
      } finally {
        lines.close();
      }
    });
    await sleep(5);
    task.cancel();
    await expect(task).rejects.toSatisfy(isCancelled);
  });
  expect(stdin.destroyed).toBe(true);
});

test("a FIFO is read once, a file as often as one likes", () => {
  const fifo = join(folder, "fifo");
  expect(spawnSync("mkfifo", [fifo]).status).toBe(0);
  const streams = {
    in: () => Readable.from([]),
    out: new FakePipe(),
    err: new FakePipe(),
    env: {},
  };
  const plain = file("plain", "");
  expect(new Lists({ urls: ["x"], inputs: [plain] }, streams).rereadable).toBe(true);
  expect(new Lists({ urls: [], inputs: [fifo] }, streams).rereadable).toBe(false);
  expect(new Lists({ urls: [], inputs: ["-", plain] }, streams).rereadable).toBe(false);
});

test("a list of many lines takes no more memory than a short one", async () => {
  const chunk = Buffer.from(
    Array.from({ length: 1000 }, (_, n) => `http://host/path/${n}\n`).join(""),
  );
  const endless = Readable.from(
    (function* () {
      for (let n = 0; n < 300; n++) yield chunk;
    })(),
  );
  const streams = { in: () => endless, out: new FakePipe(), err: new FakePipe(), env: {} };
  const items = new Lists({ urls: [], inputs: ["-"] }, streams).items({
    warn: () => {},
    reject: () => {},
  });
  const held = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  let count = 0;
  let most = 0;
  let before = 0;
  for await (const _ of items) {
    if (++count === 15_000) before = held();
    else if (count % 30_000 === 0) most = Math.max(most, held() - before);
  }
  expect(count).toBe(300_000);
  // All of them would be 50 MB and more, a chunk's lines 0.2 MB.
  expect(most).toBeLessThan(5_000_000);
});
