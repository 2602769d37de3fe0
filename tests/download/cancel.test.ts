/**
 * A run that is cancelled, wherever that comes: nothing is pending, no descriptor stays open, what is
 * on the disk is what the rules say, and the next run makes the rest of it.
 *
 * At every await point in virtual time, over a mock of the network and a real folder; a big file,
 * which the thread pool writes, over a real socket and turn by turn, in real time.
 */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { createTask, isCancelled, sleep } from "ambit";
import { downloadAll, type DownloadOptions } from "ambit/download";
import { ClientSession, type MockReply, type MockRequest, MockTransport } from "ambit/http";
import { cancelEverywhere } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { download, Folder, noise, Site } from "./site.ts";

const BODY = noise(150_000);
const BASE = "http://files.test";
/** A small one, one that is cut and gone on with, one in segments, one that is busy, one of no length. */
const PATHS = ["/small", "/cut", "/parts", "/busy", "/long"];

/** Descriptors of files in the folder that are open; only Linux tells. */
function open(folder: Folder): string[] {
  if (process.platform !== "linux") return [];
  const root = realpathSync(folder.path);
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(root) ? [target] : [];
    } catch {
      return [];
    }
  });
}

/** Sends a body in pieces with time between them, and knows how many of those are on their way. */
class Server {
  sending = 0;
  readonly #asked = new Map<string, number>();

  readonly answer = ({ url, headers }: MockRequest): MockReply => {
    const path = url.pathname;
    const nth = (this.#asked.get(path) ?? 0) + 1;
    this.#asked.set(path, nth);
    if (path === "/small") return { body: "small", delay: 1 };
    if (path === "/busy" && nth === 1) return { status: 503, headers: { "retry-after": "1" } };
    if (path === "/busy") return { body: "busy" };
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.get("range") ?? "");
    const from = range === null ? 0 : Number(range[1]);
    const to = range === null || range[2] === "" ? BODY.length : Number(range[2]) + 1;
    const known = path === "/long" ? {} : { "content-length": String(to - from) };
    return {
      status: range === null ? 200 : 206,
      headers: {
        etag: '"1"',
        ...known,
        ...(path === "/parts" ? { "accept-ranges": "bytes" } : {}),
        ...(range === null ? {} : { "content-range": `bytes ${from}-${to - 1}/${BODY.length}` }),
      },
      body: this.#pieces(from, to),
      ...(path === "/cut" && nth === 1 ? { cutAfter: 100_000 } : {}),
    };
  };

  async *#pieces(from: number, to: number): AsyncGenerator<Uint8Array> {
    this.sending++;
    try {
      for (let at = from; at < to; at += 40_000) {
        await sleep(1);
        yield BODY.subarray(at, Math.min(to, at + 40_000));
      }
    } finally {
      this.sending--;
    }
  }
}

function contents(folder: Folder): Record<string, boolean> {
  const expected = { small: Buffer.from("small"), busy: Buffer.from("busy") };
  const names = folder.files().filter((name) => name !== ".journal" && !name.endsWith(".part"));
  return Object.fromEntries(
    names.map((name) => {
      const body = expected[name as keyof typeof expected] ?? BODY;
      return [name, folder.read(name).equals(body)];
    }),
  );
}

function parts(folder: Folder): string[] {
  return folder.files().filter((name) => name.endsWith(".part"));
}

/** Parts that should not be there: a part stays only if it is noted down what may be added to it. */
function unexplained(folder: Folder, journal: boolean): string[] {
  if (!journal) return parts(folder);
  const lines = readFileSync(join(folder.path, ".journal"), "utf8").trimEnd().split("\n");
  const noted = lines.map((line) => JSON.parse(line) as { state?: string; path?: string });
  return parts(folder).filter(
    (name) => noted.findLast(({ path }) => `${path}.part` === name)?.state !== "part",
  );
}

describe("a cancel at every await point", () => {
  test.each([
    ["without a journal", false, {}],
    ["with a journal", true, {}],
    ["with a journal and a limit of the rate", true, { limitRate: 1e6, concurrency: 2 }],
  ])("%s", { timeout: 120_000 }, async (_, journal, more: DownloadOptions) => {
    let watching = false;
    let partsKept = 0;
    const scenario = async (): Promise<void> => {
      using folder = new Folder();
      const server = new Server();
      const transport = new MockTransport(server.answer);
      await using session = new ClientSession({ transport });
      const options: DownloadOptions = {
        folder: folder.path,
        session,
        segments: 3,
        segmentSize: 50_000,
        retry: { delay: 10 },
        random: () => 0.5,
        ...(journal ? { journal: join(folder.path, ".journal") } : {}),
        ...more,
      };
      const urls = PATHS.map((path) => BASE + path);
      let caught: Error | null = null;
      watching = true;
      try {
        for await (const { outcome, error } of downloadAll(urls, options))
          expect(error ?? outcome).toBe("done");
      } catch (error) {
        caught = error as Error;
      }
      watching = false;
      expect(open(folder)).toEqual([]);
      expect(Object.values(contents(folder))).not.toContain(false);
      if (caught !== null && !isCancelled(caught)) throw caught;
      expect(unexplained(folder, journal)).toEqual([]);
      partsKept += parts(folder).length;
      await sleep(0);
      expect(server.sending).toBe(0);
      // The next run makes the rest of it.
      const results = caught === null ? [] : await download(urls, options);
      expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
      expect(contents(folder)).toEqual({
        busy: true,
        cut: true,
        long: true,
        parts: true,
        small: true,
      });
      expect(parts(folder)).toEqual([]);
      if (caught !== null) throw caught;
    };
    const points = await cancelEverywhere(scenario, { only: () => watching });
    expect(points).toBeGreaterThan(30);
    expect(partsKept > 0).toBe(journal);
  });
});

describe("a cancel after any number of turns", () => {
  const BIG = noise(9_000_000);

  test.each([
    ["a big file", 1],
    ["a big file in segments", 3],
  ])("ends %s and leaves nothing", async (_, segments) => {
    await using site = await Site.start();
    const url = site.put("/big", BIG, { etag: '"1"' });
    let [cancelled, done] = [0, 0];
    for (let turns = 0; turns < 40; turns++) {
      using folder = new Folder();
      const options = { folder: folder.path, segments, segmentSize: 1_000_000 };
      const run = downloadAll([url], options);
      const task = createTask(() => run.next());
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      task.cancel();
      const [{ status }] = await Promise.allSettled([task]);
      if (status === "rejected") cancelled++;
      else done++;
      if (status === "fulfilled") await run.return();
      expect(open(folder)).toEqual([]);
      // A cancel may come when the file is whole, and its result not taken yet.
      const files = folder.files();
      expect(files).toEqual(files.length > 0 || status === "fulfilled" ? ["big"] : []);
      expect(files.every((name) => folder.read(name).equals(BIG))).toBe(true);
    }
    expect(cancelled).toBeGreaterThan(5);
    expect(cancelled + done).toBe(40);
    while (site.connected > 0) await sleep(1);
  });
});
