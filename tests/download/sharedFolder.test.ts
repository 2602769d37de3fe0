/**
 * Runs that download into one folder at the same time: each file is one run's at a time, and nothing is left behind.
 *
 * On real files and sockets, so in real time.
 */
import fs, {
  existsSync,
  mkdirSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import type { ServerResponse } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { CancelledError, createTask, sleep } from "ambit";
import { downloadAll, type DownloadOptions } from "ambit/download";
import { expect, onTestFinished, test } from "vitest";
import { type Answer, AT_ONCE, cutAfter, download, Folder, noise, Site, status } from "./site.ts";

const LARGE = 200_000;

/** Sends half of the body, and the rest when told to. */
function inHalves(body: Buffer): { readonly answer: Answer; readonly half: Promise<() => void> } {
  let tell: (go: () => void) => void;
  const half = new Promise<() => void>((resolve) => (tell = resolve));
  const answer: Answer = (_, response: ServerResponse) => {
    response.writeHead(200, { "content-length": body.length });
    response.write(body.subarray(0, body.length / 2));
    tell(() => void response.end(body.subarray(body.length / 2)));
  };
  return { answer, half };
}

function shared(folder: Folder, options: DownloadOptions = {}): DownloadOptions {
  return { folder: folder.path, sharedFolder: true, retry: AT_ONCE, ...options };
}

const everything = (folder: Folder): string[] => fs.readdirSync(folder.path).sort();

test.each(["replace", "skip"] as const)(
  "of two runs the second waits for the file, and then does as `existing` says: %s",
  async (existing) => {
    await using site = await Site.start();
    using folder = new Folder();
    const [old, young] = [noise(LARGE, 1), noise(LARGE, 2)];
    const url = site.put("/a", young);
    const { answer, half } = inHalves(old);
    site.fault("/a", answer);
    // Begun while the folder is empty.
    async function* later(): AsyncGenerator<string> {
      await half;
      yield url;
    }
    const run = downloadAll(later(), shared(folder, { existing }));
    const second = createTask(() => run.next());
    const first = createTask(() => download([url], shared(folder)));
    const goOn = await half;
    await sleep(100);
    expect(everything(folder)).toEqual(["a.part", "a.part.lock"]);
    expect(site.asked.get("/a")).toBe(1);
    goOn();
    expect((await first)[0]?.outcome).toBe("done");
    const isReplaced = existing === "replace";
    expect((await second).value?.outcome).toBe(isReplaced ? "done" : "skipped");
    await run.return();
    expect(folder.read("a").equals(isReplaced ? young : old)).toBe(true);
    expect(everything(folder)).toEqual(["a"]);
  },
);

test("a file that is tried again is not given away between", async () => {
  await using site = await Site.start();
  using folder = new Folder();
  const url = site.put("/a", noise(LARGE), { etag: '"1"' });
  site.fault("/a", cutAfter(100_000));
  const retry = { attempts: 2, delay: 300, maxDelay: 300 };
  const first = createTask(() => download([url], shared(folder, { retry, random: () => 0.99 })));
  while (site.asked.get("/a") !== 1 || site.open > 0) await sleep(5);
  const second = createTask(() => download([url], shared(folder, { existing: "skip" })));
  expect((await first)[0]).toMatchObject({ outcome: "done", attempts: 2, resumed: 100_000 });
  expect((await second)[0]?.outcome).toBe("skipped");
  expect(folder.read("a").equals(noise(LARGE))).toBe(true);
  expect(everything(folder)).toEqual(["a"]);
});

test("no lock is left of files that fail, that are twice in the list, and that wait when the run is cancelled", async () => {
  await using site = await Site.start();
  using folder = new Folder();
  const a = site.put("/a", noise(LARGE));
  site.fault("/gone", status(410));
  async function* twice(): AsyncGenerator<{ url: string; output: string }> {
    yield { url: a, output: "x" };
    yield { url: a, output: "x" };
    yield { url: `${site.url}/gone`, output: "y" };
  }
  const outcomes: string[] = [];
  for await (const { error } of downloadAll(twice(), shared(folder)))
    outcomes.push(error?.kind ?? "");
  expect(outcomes.sort()).toEqual(["", "duplicate", "http"]);
  expect(everything(folder)).toEqual(["x"]);

  site.fault("/b", cutAfter(100_000));
  const b = site.put("/b", noise(LARGE));
  const retry = { delay: 600_000, maxDelay: 600_000 };
  const waiting = createTask(() => download([b], shared(folder, { retry, random: () => 0.99 })));
  await expect.poll(() => everything(folder)).toContain("b.part.lock");
  while (site.asked.get("/b") !== 1 || site.open > 0) await sleep(5);
  waiting.cancel();
  await expect(waiting).rejects.toBeInstanceOf(CancelledError);
  expect(everything(folder)).toEqual(["x"]);
});

test("what a run that has died left is removed, also a link in the place of a part", async () => {
  await using site = await Site.start();
  using folder = new Folder();
  using elsewhere = new Folder();
  writeFileSync(join(elsewhere.path, "precious"), "precious");
  symlinkSync(join(elsewhere.path, "precious"), join(folder.path, "a.part"));
  writeFileSync(join(folder.path, "b.part"), noise(3 * LARGE));
  const urls = [site.put("/a", noise(LARGE)), site.put("/b", "small")];
  await download(urls, shared(folder));
  expect(folder.read("a").equals(noise(LARGE))).toBe(true);
  expect(folder.read("b").toString()).toBe("small");
  expect(elsewhere.read("precious").toString()).toBe("precious");
  expect(everything(folder)).toEqual(["a", "b"]);
});

test.each([LARGE, 1000])(
  "a run that was taken for dead does not touch what another has of the file (%i bytes)",
  async (size) => {
    await using site = await Site.start();
    using folder = new Folder();
    const { answer, half } = inHalves(noise(size));
    site.fault("/a", answer);
    const run = createTask(() => download([`${site.url}/a`], shared(folder)));
    const goOn = await half;
    const entry = join(folder.path, "a.part.lock/exclusive");
    const part = join(folder.path, "a.part");
    const begins = (): boolean => size < LARGE || existsSync(part);
    while (!begins()) await sleep(5);
    // As the other does it, which is at another place and has heard nothing for long.
    const other = readlinkSync(entry).replace(/.$/, "~");
    unlinkSync(entry);
    symlinkSync(other, entry);
    if (size === LARGE) unlinkSync(part);
    writeFileSync(part, "the other's");
    goOn();
    const [result] = await run;
    expect(result).toMatchObject({
      outcome: "failed",
      error: { message: "this process stood still, and another has taken the file over" },
    });
    expect(folder.files()).toEqual(["a.part", "a.part.lock/exclusive"]);
    expect(folder.read("a.part").toString()).toBe("the other's");
    expect(readlinkSync(entry)).toBe(other);
  },
);

test("names that are as long as names may be are locked, too", async () => {
  await using site = await Site.start();
  using folder = new Folder();
  const name = "n".repeat(250);
  const { answer, half } = inHalves(noise(LARGE));
  site.fault("/a", answer);
  site.put("/a", "other");
  const item = { url: `${site.url}/a`, output: `below/${name}` };
  const first = createTask(() => download([item], shared(folder)));
  const goOn = await half;
  const second = createTask(() => download([item], shared(folder, { existing: "skip" })));
  await sleep(50);
  goOn();
  expect([(await first)[0]?.outcome, (await second)[0]?.outcome]).toEqual(["done", "skipped"]);
  expect(fs.readdirSync(join(folder.path, "below"))).toEqual([name]);
});

test("where there are no symbolic links, files come without locks", async () => {
  await using site = await Site.start();
  using folder = new Folder();
  const { symlink } = fs;
  const refuse = (...args: readonly unknown[]): void => {
    const error = Object.assign(new Error("EPERM: no links here"), { code: "EPERM" });
    setImmediate(args.at(-1) as (error: Error) => void, error);
  };
  fs.symlink = refuse as unknown as typeof symlink;
  syncBuiltinESMExports();
  onTestFinished(() => {
    fs.symlink = symlink;
    syncBuiltinESMExports();
  });
  await download([site.put("/a", noise(LARGE))], shared(folder));
  expect(folder.read("a").equals(noise(LARGE))).toBe(true);
  expect(everything(folder)).toEqual(["a"]);
});

test("a file in the place of a lock is the file's failure", async () => {
  await using site = await Site.start();
  using folder = new Folder();
  writeFileSync(join(folder.path, "a.part.lock"), "mine");
  mkdirSync(join(folder.path, "b.part"));
  const urls = [site.put("/a", "a"), site.put("/b", "b"), site.put("/c", "c")];
  const results = await download(urls, shared(folder));
  expect(results.map(({ error }) => error?.kind ?? "")).toEqual(["name", "name", ""]);
  expect(everything(folder)).toEqual(["a.part.lock", "b.part", "c"]);
});

test("a journal, and names that the server gives, do not go with it", () => {
  const journal = { sharedFolder: true, journal: "journal" };
  expect(() => downloadAll([], journal)).toThrow("does not go with `options.journal`");
  const named = { sharedFolder: true, name: "{disposition}" };
  expect(() => downloadAll([], named)).toThrow("does not go with {disposition}");
  expect(() => downloadAll([], { sharedFolder: 1 as never })).toThrow("options.sharedFolder");
});
