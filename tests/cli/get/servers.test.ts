/**
 * `ambit get` against nginx, and against a proxy of faults before it: what it tells at the end is what
 * was done to it, and what it asks for after an interruption is what it does not have.
 *
 * Over real sockets, and with what was built as a process of its own, so in real time.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { runCommandLine } from "../../../src/cli/commandLine.ts";
import { Folder, noise, sha256 } from "../../download/site.ts";
import { FaultProxy } from "../../servers/faultProxy.ts";
import { Nginx, nginxMissing } from "../../servers/nginx.ts";
import { FakePipe } from "../screen.ts";

const ENTRY = join(import.meta.dirname, "../../../dist/cli/main.js");
const FILES = 2000;

/** As what a file must be reported, after what was done to its last request. */
const KINDS: Readonly<Record<string, string>> = {
  cutHead: "connect",
  resetHead: "connect",
  corruptHead: "connect",
  cutBody: "body",
  resetBody: "body",
  corruptBody: "checksum",
  stall: "timeout",
  gone: "timeout",
};

function content(n: number): Buffer {
  return noise(200 + (n % 50) * 40, n + 1);
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

function tallyOf(kinds: Iterable<string>): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const kind of kinds) tally[kind] = (tally[kind] ?? 0) + 1;
  return tally;
}

/** The rows of the table at the end: kind and count. */
function tableOf(text: string): Record<string, number> {
  const lines = text.split("\n");
  const begin = lines.findIndex((line) => /^ {2}kind +files/.test(line));
  const rows = lines.slice(begin + 1).map((line) => /^ {2}(\S+) +(\d+) {2}/.exec(line));
  return Object.fromEntries(
    rows.filter((row) => row !== null).map(([, kind, count]) => [kind, Number(count)]),
  );
}

describe.skipIf(nginxMissing() !== null)("against nginx", () => {
  test("the table at the end of 2,000 files is what a proxy of faults did to them", async () => {
    await using nginx = await Nginx.start();
    await using proxy = await FaultProxy.start({
      target: nginx.url,
      seed: 4,
      shares: {
        delay: 0.05,
        cutHead: 0.03,
        resetHead: 0.03,
        cutBody: 0.05,
        resetBody: 0.05,
        corruptHead: 0.05,
        corruptBody: 0.05,
        stall: 0.001,
      },
    });
    using folder = new Folder();
    using lists = new Folder();
    const sums: string[] = [];
    const urls: string[] = [];
    for (let n = 0; n < FILES; n++) {
      nginx.put(String(n), content(n));
      sums.push(`${sha256(content(n))}  ${n}\n`);
      urls.push(`${proxy.url}/${n}\n`);
    }
    writeFileSync(join(lists.path, "list"), urls.join(""));
    writeFileSync(join(lists.path, "sums"), sums.join(""));
    const [out, err] = [new FakePipe(), new FakePipe()];
    const streams = { in: () => Readable.from([]), out, err, env: { LANG: "C" } };
    const words = `--proxy none -j 32 --per-host 32 --retries 1 --timeout-read 4s --json -d ${folder.path}`;
    const files = ["-i", join(lists.path, "list"), "--checksums", join(lists.path, "sums")];
    const code = await runCommandLine(["get", ...words.split(" "), ...files], streams);

    const results = out.text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { url: string; error: { kind: string } | null });
    expect(results).toHaveLength(FILES);
    const last = proxy.last();
    expect(last.size).toBe(FILES);
    const due = new Map([...last].map(([request, { kind }]) => [request, KINDS[kind] ?? "fine"]));
    for (const { url, error } of results) {
      const name = nameOf(url);
      expect(`${name} ${error?.kind ?? "fine"}`).toBe(`${name} ${due.get(`GET /${name}`)}`);
    }
    const there = results.filter(({ error }) => error === null).map(({ url }) => nameOf(url));
    expect(folder.files().filter((name) => /^\d+$/.test(name))).toEqual(there.sort());
    for (const name of there) expect(folder.read(name).equals(content(Number(name)))).toBe(true);
    const { fine = 0, ...failures } = tallyOf(due.values());
    expect(Object.keys(failures).sort()).toEqual(
      expect.arrayContaining(["body", "checksum", "connect"]),
    );
    expect(code).toBe(1);
    expect(tableOf(err.text)).toEqual(failures);
    expect(err.text).toMatch(new RegExp(`^${fine.toLocaleString("en")} files downloaded`, "m"));
    expect(err.text).toContain(`\n${FILES - fine} files failed\n`);
  }, 120_000);

  test("after Ctrl-C, --resume asks for no finished file again", async () => {
    await using nginx = await Nginx.start();
    using folder = new Folder();
    using lists = new Folder();
    const big = noise(300_000);
    nginx.put("big", big);
    // The big one comes slowly, and first.
    const urls = [`${nginx.url}/slow/big\n`];
    for (let n = 0; n < FILES; n++) urls.push(`${nginx.put(String(n), content(n))}\n`);
    const list = join(lists.path, "list");
    writeFileSync(list, urls.join(""));
    const run = (...more: string[]): ReturnType<typeof spawn> =>
      spawn(
        process.execPath,
        [ENTRY, "get", "--proxy", "none", "-q", "-d", folder.path, "-i", list, ...more],
        { stdio: ["ignore", "ignore", "ignore"] },
      );
    const first = run();
    const stopped = once(first, "close");
    const seen = join(folder.path, "100");
    while (!existsSync(seen) || !existsSync(join(folder.path, "big.part"))) await delay(2);
    first.kill("SIGINT");
    expect((await stopped)[0]).toBe(130);
    const finished = folder.files().filter((name) => /^\d+$/.test(name));
    expect(finished.length).toBeGreaterThan(100);
    expect(finished.length).toBeLessThan(FILES);

    const [code] = (await once(run("--resume"), "close")) as [number];
    expect(code).toBe(0);
    const served = await nginx.servedAtLeast(FILES + 2);
    const asked = tallyOf(served.map(({ path }) => path));
    for (const name of finished) expect(`${name} ${asked[`/${name}`]}`).toBe(`${name} 1`);
    // What was on its way is asked for twice, and no more than were at a time.
    const twice = Object.values(asked).filter((count) => count > 1);
    expect(twice.every((count) => count === 2)).toBe(true);
    expect(twice.length).toBeLessThanOrEqual(16);
    const parts = served.filter(({ path }) => path === "/slow/big");
    expect(parts.map(({ status }) => status)).toEqual([200, 206]);
    expect(parts[1]?.range).toMatch(/^bytes=[1-9]\d*-/);
    for (let n = 0; n < FILES; n++) expect(folder.read(String(n)).equals(content(n))).toBe(true);
    expect(readFileSync(join(folder.path, "big")).equals(big)).toBe(true);
  }, 120_000);
});
