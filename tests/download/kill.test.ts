/**
 * A process that is killed in the middle of a long list, again and again, and resumed.
 *
 * Only a real process can be killed, so real sockets, files and time; the program imports the build.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Folder, noise, Site } from "./site.ts";

const ROOT = join(import.meta.dirname, "../..");
const COUNT = 10_000;
const KILLS = 10;

/** Every fiftieth is a big one, which comes in pieces. */
function sizeOf(n: number): number {
  return n % 50 === 0 ? 70_000 + n * 7 : (n * 37) % 900;
}

const PROGRAM = `
  import { run } from "ambit";
  import { downloadAll } from "ambit/download";
  const [, base, folder, journal] = process.argv;
  function* urls() { for (let n = 0; n < ${COUNT}; n++) yield base + "/" + n; }
  await run(async () => {
    let failed = 0;
    const options = { folder, journal, concurrency: 32, retry: 1 };
    for await (const { outcome, error } of downloadAll(urls(), options))
      if (outcome === "failed" && failed++ < 5) console.error(error);
    process.exitCode = failed > 0 ? 1 : 0;
  });
`;

function start(site: Site, folder: Folder, journal: string): ChildProcess {
  const args = ["--input-type=module", "--eval", PROGRAM, "--", site.url, folder.path, journal];
  return spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "inherit", "inherit"],
  });
}

test(
  "10,000 files are whole after ten kills, and none that was finished was asked for again",
  { timeout: 900_000 },
  async () => {
    await using site = await Site.start();
    using folder = new Folder();
    using elsewhere = new Folder();
    const journal = join(elsewhere.path, "journal");
    const bytes = noise(150_000);
    const bodyOf = (n: number): Buffer => bytes.subarray(n % 1000, (n % 1000) + sizeOf(n));
    for (let n = 0; n < COUNT; n++) site.put(`/${n}`, bodyOf(n), { etag: `"${n}"` });

    const again: string[] = [];
    let finished = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      site.asked.clear();
      const child = start(site, folder, journal);
      const ended = once(child, "close");
      const target = randomInt(1, COUNT / KILLS);
      while (site.asked.size < target && child.exitCode === null) await tick();
      child.kill("SIGKILL");
      expect(await ended).toEqual([null, "SIGKILL"]);
      for (const path of site.asked.keys()) if (finished.has(path.slice(1))) again.push(path);
      finished = new Set(folder.files().filter((name) => !name.endsWith(".part")));
    }
    expect(finished.size).toBeGreaterThan(KILLS);
    site.asked.clear();
    const last = start(site, folder, journal);
    expect(await once(last, "close")).toEqual([0, null]);
    for (const path of site.asked.keys()) if (finished.has(path.slice(1))) again.push(path);
    expect(again).toEqual([]);
    expect(folder.files()).toHaveLength(COUNT);
    const wrong = Array.from({ length: COUNT }, (_, n) => n).filter(
      (n) => !folder.read(String(n)).equals(bodyOf(n)),
    );
    expect(wrong).toEqual([]);

    // And once more: nothing is asked for at all.
    site.asked.clear();
    writeFileSync(join(folder.path, "0"), "not what it was");
    expect(await once(start(site, folder, journal), "close")).toEqual([0, null]);
    expect([...site.asked.keys()]).toEqual(["/0"]);
  },
);

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
