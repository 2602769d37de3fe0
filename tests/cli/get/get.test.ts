/**
 * `ambit get` as a whole, in this process, against a server of faults. Time is real, since sockets
 * know no other.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { runCommandLine } from "../../../src/cli/commandLine.ts";
import { FakePipe, FakeTerminal } from "../screen.ts";
import { Origin } from "./origin.ts";

let origin: Origin;
let folder: string;
beforeAll(async () => void (origin = await Origin.start()));
afterAll(() => origin[Symbol.asyncDispose]());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ambit-get-"));
  origin.requests.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Surroundings {
  readonly stdin?: string;
  readonly terminal?: FakeTerminal;
}

async function get(args: readonly string[], how: Surroundings = {}): Promise<Ended> {
  const [out, err] = [new FakePipe(), new FakePipe()];
  const streams = {
    in: () => Readable.from([Buffer.from(how.stdin ?? "")]),
    out,
    err: how.terminal ?? err,
    env: { LANG: "C" },
  };
  const code = await runCommandLine(["get", "--proxy", "none", "-d", folder, ...args], streams);
  return { code, out: out.text, err: err.text };
}

/** A list of these lines, whose URLs begin with `$`. */
function list(name: string, ...lines: string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => `${line.replaceAll("$", origin.url)}\n`).join(""));
  return path;
}

function content(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

test("files are there, whole; what is said is said on the error output; the exit code is 0", async () => {
  const { code, out, err } = await get([`${origin.url}/a.txt`, `${origin.url}/sub/b.txt`]);
  expect({ code, out }).toEqual({ code: 0, out: "" });
  expect(err).toMatch(/^2 files downloaded, 32 B in \d+ ms \([\d.]+ k?B\/s\) in \/.*\n$/);
  expect(readdirSync(folder).sort()).toEqual(["a.txt", "b.txt"]);
  expect(content("b.txt")).toBe("this is /sub/b.txt");
});

test("a list of every format gives each file its name", async () => {
  const path = list(
    "list",
    "# comment",
    "$/a",
    "$/b\tnamed.txt",
    "$/missing\t$/mirrored",
    "  out=mirror.txt",
    "  dir=deep",
    '{"url": "$/c", "output": "json.txt"}',
    "relative",
  );
  const { code, err } = await get(["-i", path, "--base", `${origin.url}/base/`, "-q"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(readdirSync(folder).sort()).toEqual([
    "a",
    "deep",
    "json.txt",
    "list",
    "named.txt",
    "relative",
  ]);
  expect(content("deep/mirror.txt")).toBe("this is /mirrored");
  expect(content("relative")).toBe("this is /base/relative");
});

test("a template names files by host, folders, number, and the server's word", async () => {
  const urls = [`${origin.url}/x/a.txt`, `${origin.url}/y/a.txt`];
  const host = `127.0.0.1_${new URL(origin.url).port}`;
  expect((await get([...urls, "-q", "-o", "{host}/{path}"])).code).toBe(0);
  expect(content(`${host}/y/a.txt`)).toBe("this is /y/a.txt");
  expect((await get([...urls, "-q", "-o", "{n:3}-{stem}{ext}"])).code).toBe(0);
  expect((await get([`${origin.url}/named`, "-q", "-o", "{disposition}"])).code).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(["001-a.txt", "002-a.txt", host, "given.txt"].sort());
});

test("with --json there is a line of JSON for each file on standard output", async () => {
  const { code, out } = await get([`${origin.url}/a`, `${origin.url}/missing`, "--json"]);
  expect(code).toBe(1);
  const results = lines(out).map((line) => JSON.parse(line) as Record<string, unknown>);
  results.sort((a, b) => String(a["url"]).localeCompare(String(b["url"])));
  const sha256 = createHash("sha256").update("this is /a").digest("hex");
  expect(results).toEqual([
    {
      url: `${origin.url}/a`,
      finalUrl: `${origin.url}/a`,
      path: join(folder, "a"),
      outcome: "done",
      status: 200,
      bytes: 10,
      ms: expect.any(Number),
      attempts: 1,
      resumed: 0,
      sha256,
      error: null,
    },
    {
      url: `${origin.url}/missing`,
      finalUrl: `${origin.url}/missing`,
      path: join(folder, "missing"),
      outcome: "failed",
      status: 404,
      bytes: 0,
      ms: expect.any(Number),
      attempts: 1,
      resumed: 0,
      sha256: null,
      error: { kind: "http", message: expect.stringContaining("404 Not Found") },
    },
  ]);
});

test("a list with one of every fault ends with a table of kinds, and exit code 1", async () => {
  const path = list(
    "list",
    ..."$/good1 $/good2 $/missing $/missing1 $/missing2 $/gone $/busy $/reset $/cut $/silent".split(
      " ",
    ),
    ..."$/loop http://127.0.0.1:9/refused http://no-such-host.invalid/x".split(" "),
    "$/sum\tsum.txt",
    `  checksum=sha-256=${"0".repeat(64)}`,
  );
  const args = ["-i", path, "--retries", "1", "--timeout-read", "2s"];
  const { code, err } = await get(args);
  expect(code).toBe(1);
  const all = lines(err);
  expect(all.filter((line) => line.startsWith("failed  "))).toHaveLength(12);
  const table = all.slice(all.findIndex((line) => line.startsWith("2 files downloaded")));
  const kinds = table.slice(3, -2).map((line) => line.trim().split(/ {2,}/).slice(0, 2).join(" x"));
  expect(table.slice(1, 3)).toEqual(["12 files failed", "  kind      files  the first of them"]);
  expect(kinds[0]).toBe("http 404 x3");
  expect(kinds.slice(1).sort()).toEqual(
    "body x1,checksum x1,connect x2,dns x1,http 410 x1,http 503 x1,redirect x1,timeout x1".split(
      ",",
    ),
  );
  expect(table.at(-2)).toBe("To try them again:");
  expect(table.at(-1)).toContain(`ambit get --proxy none -d ${folder} -i ${path}`);
  expect(table.at(-1)).toMatch(/ --resume$/);
  for (const line of table.slice(0, -1)) expect(line.length).toBeLessThanOrEqual(100);
  expect(readdirSync(folder).sort()).toEqual([".ambit-get.journal", "good1", "good2", "list"]);
});

test("--resume takes up what the last run noted, and asks for nothing twice", async () => {
  const path = list("list", "$/a", "$/b", "$/missing");
  expect((await get(["-i", path])).code).toBe(1);
  expect(existsSync(join(folder, ".ambit-get.journal"))).toBe(true);
  origin.requests.length = 0;
  const second = await get(["-i", path, "--resume"]);
  expect(second.code).toBe(1);
  expect(second.err).toContain("2 files kept: there already\n1 file failed\n");
  expect(origin.requests).toEqual(["/missing"]);
  list("list", "$/a", "$/b");
  expect((await get(["-i", path, "--resume"])).code).toBe(0);
  // All is there: there is nothing to go on with.
  expect(existsSync(join(folder, ".ambit-get.journal"))).toBe(false);
  const none = await get(["-i", path, "--resume"]);
  expect(none.err).toContain("ambit get: there is no journal at ");
});

test("files that are there are kept, --overwrite replaces them, --conditional asks", async () => {
  writeFileSync(join(folder, "a"), "mine");
  const url = `${origin.url}/a`;
  expect((await get([url])).err).toBe("1 file kept: there already\n");
  expect([content("a"), origin.requests]).toEqual(["mine", []]);
  expect((await get([url, "--overwrite", "-q"])).code).toBe(0);
  expect(content("a")).toBe("this is /a");
  expect((await get([url, "--conditional", "--journal", join(folder, "j"), "-q"])).code).toBe(0);
  expect(existsSync(join(folder, "j"))).toBe(true);
});

test("a file of checksums is held against the files, by path or by name", async () => {
  const sum = (text: string): string => createHash("sha256").update(text).digest("hex");
  const sums = list(
    "SHA256SUMS",
    `${sum("this is /a")}  ./elsewhere/a`,
    `${sum("this is /b")} *b`,
    `SHA256 (c) = ${sum("another")}`,
  );
  const urls = ["a", "b", "c", "d"].map((name) => `${origin.url}/${name}`);
  const { code, err } = await get([...urls, "--checksums", sums, "--retries", "0"]);
  expect(code).toBe(1);
  expect(err).toMatch(/failed {2}checksum {2}http:.*\/c: its sha256 is [0-9a-f]{64}, not /);
  expect(err).toContain(`1 file has no checksum in ${sums}\n`);
  expect(
    readdirSync(folder)
      .filter((name) => name.length === 1)
      .sort(),
  ).toEqual(["a", "b", "d"]);
});

test("--fail-fast stops at the first failure", async () => {
  const path = list("list", "$/slow1", "$/slow2", "$/missing");
  const began = performance.now();
  const { code, err } = await get(["-i", path, "--fail-fast"]);
  expect(code).toBe(1);
  expect(err).toContain(
    "Stopped at the first failure, as --fail-fast says\n1 file failed\n2 files left\n",
  );
  expect(performance.now() - began).toBeLessThan(900);
});

test("a disk that takes nothing ends the run with exit code 3, and nothing more is tried", async () => {
  writeFileSync(join(folder, "file"), "");
  const inFile = join(folder, "file", "sub");
  const [out, errors] = [new FakePipe(), new FakePipe()];
  const streams = { in: () => Readable.from([]), out, err: errors, env: {} };
  const args = ["get", "--proxy", "none", "-d", inFile, `${origin.url}/a`, `${origin.url}/b`];
  expect(await runCommandLine(args, streams)).toBe(3);
  expect(errors.text).toContain("Given up, for the disk takes no more: cannot use the folder ");
  expect(origin.requests).toEqual([]);
});

test("headers, user and cookies go along, and cookies come back into their file", async () => {
  const jar = join(folder, "jar");
  const args = [`${origin.url}/headers`, "-H", "X-One: 1", "-u", "ada:pass", "--cookie-jar", jar];
  expect((await get([...args, "-q"])).code).toBe(0);
  expect(JSON.parse(content("headers"))).toMatchObject({
    "x-one": "1",
    authorization: `Basic ${btoa("ada:pass")}`,
  });
  expect((await get([`${origin.url}/cookie1`, "--cookie-jar", jar, "-q"])).code).toBe(0);
  expect((await get([`${origin.url}/cookie2`, "--cookie-jar", jar, "-q"])).code).toBe(0);
  expect([content("cookie1"), content("cookie2")]).toEqual(["none", "id=7"]);
  expect(content("jar")).toMatch(/^# Netscape HTTP Cookie File/);
});

test("--dry-run says what would be done, and asks for nothing", async () => {
  const path = list("list", "$/a?token=secret", "$/b\tc.txt");
  const { code, out, err } = await get(["-i", path, "--dry-run"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(lines(out)).toEqual([`${origin.url}/a?token=***\ta`, `${origin.url}/b\tc.txt`]);
  const json = await get(["-i", path, "--dry-run", "--json"]);
  expect(JSON.parse(lines(json.out)[1] ?? "")).toEqual({
    url: `${origin.url}/b`,
    path: "c.txt",
    checksum: null,
  });
  expect(origin.requests).toEqual([]);
  expect(readdirSync(folder)).toEqual(["list"]);
});

test("two files of one name are refused before anything starts, with both lines", async () => {
  const path = list("list", "$/x/a", "$/b", "$/y/a");
  const { code, out, err } = await get(["-i", path]);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toBe(
    `ambit get: ${path}:3: the file \`a\` is that of ${path}:1, too; give each a name of its own, or use \`-o '{host}/{path}'\` or \`-o '{n}-{name}'\`; see \`ambit get --help\`\n`,
  );
  expect(origin.requests).toEqual([]);
  expect(readdirSync(folder)).toEqual(["list"]);
});

test("from standard input the second of one name fails, and the rest goes on", async () => {
  const stdin = [`${origin.url}/x/a`, `${origin.url}/y/a`, "nonsense", `${origin.url}/b`].join(
    "\n",
  );
  const { code, err } = await get(["-i", "-"], { stdin });
  expect(code).toBe(1);
  expect(err).toMatch(/failed {2}duplicate {2}http:.*\/y\/a: another item has the output "a"/);
  expect(err).toContain(
    "failed  list      standard input:3: `nonsense` is no URL, and there is no --base for it",
  );
  expect(content("a")).toBe("this is /x/a");
  expect(content("b")).toBe("this is /b");
});

test.each([
  [["example.com/a"], "URL 1: `example.com/a` is no URL; did you mean `https://example.com/a`?"],
  [["ftp://h/a"], "URL 1: `ftp://h/a` is no http or https URL"],
  [["http://ada:secret@/x"], "URL 1: `http://***@/x` is no URL, and there is no --base for it"],
  [
    ["http://h/a", "-o", "../b"],
    "--output `../b` leads out of the folder, which is --directory's to say",
  ],
  [
    ["http://h/a", "-o", "{nam}"],
    "--output `{nam}` has {nam} in it; there are {name}, {stem}, {ext}, {path}, {host}, {n}, {n:4} and {disposition}",
  ],
  [["http://h/a", "--checksums", "/no/such"], "/no/such: there is no such file"],
  [["-i", "/no/such"], "/no/such: there is no such file"],
  [["http://h/a", "--ca", "/no/such"], "ENOENT: no such file or directory, open '/no/such'"],
])("%j is refused before anything starts, with exit code 2", async (args, message) => {
  const { code, out, err } = await get(args);
  expect({ code, out, err }).toEqual({
    code: 2,
    out: "",
    err: `ambit get: ${message}; see \`ambit get --help\`\n`,
  });
});

test("a file that is no journal is not taken for one", async () => {
  const mine = list("mine.txt", "precious");
  const { code, err } = await get([`${origin.url}/a`, "--journal", mine]);
  expect(code).toBe(2);
  expect(err).toBe(
    `ambit get: --journal ${mine} is there, and no journal; see \`ambit get --help\`\n`,
  );
  expect(content("mine.txt")).toBe("precious\n");
});

test("no secret is printed: of URLs, headers, or the command that goes on", async () => {
  const secret = "s3cr3t";
  const url = `http://ada:${secret}@127.0.0.1:${new URL(origin.url).port}/missing?token=${secret}`;
  const args = [url, "-H", `Authorization: Bearer ${secret}`, `--header=X-Api-Key: ${secret}`];
  const more = ["-u", `ada:${secret}`];
  const { code, out, err } = await get([...args, ...more]);
  expect(code).toBe(1);
  expect(out + err).not.toContain(secret);
  expect(err).toContain("-u 'ada:***'");
  expect(err).toContain("'Authorization: ***'");
});

test("on a terminal the display is gone in the end, and the summary stays", async () => {
  const terminal = new FakeTerminal(80, 24);
  const urls = ["slow1", "slow2", "a", "missing"].map((name) => `${origin.url}/${name}`);
  let during: string[] = [];
  const watch = setInterval(() => {
    if (terminal.picture.some((line) => line.includes("slow2"))) during = terminal.picture;
  }, 20);
  const { code } = await get([...urls, "-v"], { terminal });
  clearInterval(watch);
  expect(code).toBe(1);
  expect(during.some((line) => /^\[[#.]{20}\] {2}\d of 4/.test(line))).toBe(true);
  expect(terminal.cursorVisible).toBe(true);
  const kept = terminal.picture.filter((line) => /^(done|failed) /.test(line));
  expect(kept).toHaveLength(4);
  expect(terminal.picture.join("\n")).toContain("3 files downloaded");
  expect(terminal.picture.join("\n")).not.toMatch(/^\[#/m);
});
