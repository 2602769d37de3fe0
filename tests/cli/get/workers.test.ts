/*
 * `ambit get --workers`: a list spread over workers in processes of their own, by a real Redis.
 *
 * It runs what was built, and takes real time, since processes and sockets know no other.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ended } from "../../../src/distributed/connections.ts";
import { redisMissing, serveRedis } from "../../servers/databases.ts";
import { killPrograms, Program } from "../program.ts";
import { Origin } from "./origin.ts";

vi.setConfig({ testTimeout: 60_000 });

let origin: Origin;
let folder: string;
beforeAll(async () => void (origin = await Origin.start()));
afterAll(() => origin[Symbol.asyncDispose]());
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "ambit-get-"))));
afterEach(async () => {
  await killPrograms();
  rmSync(folder, { recursive: true });
});

/** Lines of `--json`. */
interface Line {
  readonly url: string;
  readonly path: string;
  readonly outcome: string;
  readonly error: { readonly kind: string; readonly message: string } | null;
  readonly worker: string | null;
}

function linesOf(out: string): Line[] {
  return out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

function listOf(...names: readonly string[]): string {
  const path = join(folder, "list");
  writeFileSync(path, names.map((name) => `${origin.url}/${name}\n`).join(""));
  return path;
}

describe.skipIf(redisMissing() !== null)("ambit get --workers", () => {
  const served = serveRedis();
  const redis = (): string => served.server.url;

  function get(...args: readonly string[]): Program {
    return new Program(folder, "get", "--proxy", "none", "--workers", redis(), ...args);
  }

  /** A worker whose files are in the folder of that name. */
  async function startWorker(name: string, ...args: readonly string[]): Promise<Program> {
    const worker = new Program(folder, "worker", "--get", name, "--redis", redis(), ...args);
    await worker.says("takes calls");
    expect(worker.out).toContain(`downloads into ${join(folder, name)}`);
    return worker;
  }

  const filesIn = (name: string): string[] =>
    existsSync(join(folder, name)) ? readdirSync(join(folder, name)).sort() : [];

  test("files land in the folders of the workers, with one tally here", async () => {
    await Promise.all([startWorker("one", "-c", "2"), startWorker("two", "-c", "2")]);
    const names = Array.from({ length: 40 }, (_, n) => `file${n}`);
    const run = get("-i", listOf(...names, "missing"), "--json", "--jobs", "4", "--retries", "0");
    expect(await run.end()).toBe(1);
    const [one, two] = [filesIn("one"), filesIn("two")];
    expect([...one, ...two].sort()).toEqual(names.toSorted());
    expect(Math.min(one.length, two.length)).toBeGreaterThan(0);
    const lines = linesOf(run.out);
    expect(lines).toHaveLength(41);
    for (const { path, url, outcome, worker } of lines.filter(({ error }) => error === null)) {
      expect(outcome).toBe("done");
      expect(typeof worker).toBe("string");
      expect(readFileSync(path, "utf8")).toBe(`this is ${new URL(url).pathname}`);
    }
    expect(run.err).toMatch(/^40 files downloaded, .* in the workers' folders$/m);
    expect(run.err).toMatch(/^1 file failed$/m);
    expect(run.err).toMatch(/^ {2}http 404 +1 /m);
  });

  test("checksums, headers, names and folders of the list hold on the workers", async () => {
    await startWorker("one");
    const path = join(folder, "list");
    const wrong = "0".repeat(64);
    writeFileSync(
      path,
      [
        `${origin.url}/a\n  out=b.txt\n  checksum=sha-256=${wrong}`,
        `${origin.url}/headers\n  dir=sub\n  header=X-Mine: yes`,
        "",
      ].join("\n"),
    );
    const args = ["-i", path, "-d", "deep", "-H", "X-All: too", "--json", "--retries", "0"];
    const run = get(...args);
    expect(await run.end()).toBe(1);
    expect(
      linesOf(run.out)
        .map(({ error }) => error?.kind ?? "")
        .sort(),
    ).toEqual(["", "checksum"]);
    expect(filesIn("one/deep")).toEqual(["sub"]);
    const sent = JSON.parse(readFileSync(join(folder, "one/deep/sub/headers"), "utf8")) as object;
    expect(sent).toMatchObject({ "x-mine": "yes", "x-all": "too" });
  });

  test("Ctrl-C stops the files on the workers; --resume asks only for what is left, wherever it was", async () => {
    const worker = await startWorker("one");
    const args = ["-i", listOf("a", "b", "slow"), "--json"] as const;
    const run = get(...args);
    await run.says('/a"');
    await run.says('/b"');
    while (!existsSync(join(folder, "one/slow.part"))) await new Promise((r) => setTimeout(r, 10));
    expect(await run.end("SIGINT")).toBe(130);
    expect(run.err).toContain("Interrupted by SIGINT");
    expect(run.err).toContain("1 file left");
    expect(run.err).toMatch(/ambit get .*--resume/);
    expect(filesIn("one")).toEqual(["a", "b"]);
    await worker.end("SIGTERM");
    await startWorker("two");
    const next = get(...args, "--resume");
    expect(await next.end()).toBe(0);
    expect(
      linesOf(next.out)
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(["done", "skipped", "skipped"]);
    expect(filesIn("two")).toEqual(["slow"]);
    expect(existsSync(join(folder, ".ambit-get-workers.journal"))).toBe(false);
  });

  test("a worker that is killed costs no file while another is there", async () => {
    const doomed = await startWorker("one", "-c", "1");
    await startWorker("two", "-c", "4");
    const run = get("-i", listOf("slow1", "slow2", "slow3", "a", "b", "c"), "--jobs", "6");
    while (!filesIn("one").some((name) => name.endsWith(".part")))
      await new Promise((r) => setTimeout(r, 10));
    await doomed.kill();
    expect({ code: await run.end(), err: run.err }).toMatchObject({ code: 0 });
    expect(run.err).toContain("6 files downloaded");
  });

  test("workers that vanish end the run with exit code 4, and words", async () => {
    const worker = await startWorker("one");
    const run = get(`${origin.url}/silent`);
    await expect.poll(() => origin.requests.includes("/silent"), { timeout: 20_000 }).toBe(true);
    await worker.kill();
    expect(await run.end()).toBe(4);
    expect(run.err).toMatch(
      /^Given up: no worker took calls of the queue 'ambit-get' for 5000 ms: start one with `ambit worker --get DIR --redis URL`$/m,
    );
  });

  test("without a worker, and with a wrong password, there is one line, and exit code 4", async () => {
    const none = get("--queue", "nobody", `${origin.url}/a`);
    expect(await none.end()).toBe(4);
    expect(none.err).toMatch(/^ambit get: no worker takes files of the queue nobody: start .*\n$/);
    const admin = new Redis(redis());
    await admin.config("SET", "requirepass", "right");
    const wrong = get(`${origin.url}/a`);
    const worker = new Program(folder, "worker", "--get", "one", "--redis", redis());
    try {
      expect(await wrong.end()).toBe(4);
      expect(wrong.err).toMatch(/^ambit get: Redis refuses: NOAUTH .*\n$/);
    } finally {
      await worker.kill();
      await admin.config("SET", "requirepass", "");
      await ended(admin);
    }
  });
});

test("without Redis there is one line, and exit code 4", async () => {
  const run = new Program(
    folder,
    "get",
    "--workers",
    "redis://127.0.0.1:1",
    "http://127.0.0.1:1/a",
  );
  expect(await run.end()).toBe(4);
  expect(run.err).toBe("ambit get: Redis could not be reached for 5000 ms\n");
});

test.each([
  [["get", "--workers", "http://a", "http://b/"], /--workers must be a URL such as `redis:/],
  [["get", "--queue", "x", "http://b/"], /--queue is of use with --workers only/],
  [
    ["get", "--workers", "redis://a", "-d", "/x", "http://b/"],
    /--workers does not go with --directory \/x/,
  ],
  [["get", "--workers", "redis://a", "-d", "../x", "http://b/"], /--directory \.\.\/x/],
  [
    ["get", "--workers", "redis://a", "--conditional", "http://b/"],
    /--workers does not go with --conditional/,
  ],
  [["get", "--workers", "redis://a", "--netrc", "http://b/"], /--workers does not go with --netrc/],
  [["get", "--workers", "redis://a", "--cookie-jar", "c", "http://b/"], /--cookie-jar/],
  [["get", "--workers", "redis://a", "-o", "{disposition}", "http://b/"], /\{disposition\}/],
  [["worker"], /expected a module that names tasks, such as `tasks\.js`, or --get DIR/],
  [["worker", "--get", "x", "tasks.js"], /--get and modules cannot both be/],
  [["worker", "--get", "x", "--processes"], /--get and --processes cannot both be/],
])("%j is answered with one line and exit code 2", async (args, words) => {
  const program = new Program(folder, ...args);
  expect(await program.end()).toBe(2);
  expect(program.err).toMatch(words);
  expect(program.err.trim().split("\n")).toHaveLength(1);
});
