/*
 * A worker of `ambit get` whose disk is full: who asked is told, nothing half-written is left, and the worker goes on.
 *
 * It runs what was built, over a disk of two megabytes, and takes real time, since processes and sockets know no other.
 */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { CANNOT_MOUNT, fill, withDisk } from "../../files/disk.ts";
import { redisMissing, serveRedis } from "../../servers/databases.ts";
import { killPrograms, Program } from "../program.ts";

vi.setConfig({ testTimeout: 60_000 });

const DISK = "size=2m";
const SMALL = Buffer.alloc(10_000, "s");
const LARGE = Buffer.alloc(4_000_000, "l");

const server = createServer(({ url }, response) => {
  response.end(url?.startsWith("/small") === true ? SMALL : LARGE);
});
let origin: string;
let folder: string;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ambit-get-"));
  mkdirSync(join(folder, "files"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.skipIf(CANNOT_MOUNT || redisMissing() !== null)("a worker with a full disk", () => {
  const served = serveRedis();
  const files = (): string => join(folder, "files");

  /** Has `work` done while there is such a worker, which ends before its disk goes. */
  async function withWorker(work: () => Promise<void>): Promise<void> {
    await withDisk(files(), DISK, async () => {
      try {
        const args = ["--get", files(), "--redis", served.server.url, "-c", "1"];
        const worker = new Program(folder, "worker", ...args);
        await worker.says("takes calls");
        await work();
      } finally {
        await killPrograms();
      }
    });
  }

  function get(...names: readonly string[]): Program {
    const options = ["--proxy", "none", "--workers", served.server.url, "--no-progress"];
    return new Program(folder, "get", ...options, ...names.map((name) => `${origin}/${name}`));
  }

  test("ends the run with code 3 and says why, leaves nothing half-written, and takes the next file", async () => {
    await withWorker(async () => {
      const failed = get("large");
      expect(await failed.end()).toBe(3);
      expect(failed.err).toMatch(/large.*(ENOSPC|no space left)/s);
      expect(readdirSync(files())).toEqual([]);

      const next = get("small");
      expect(await next.end()).toBe(0);
      expect(readFileSync(join(files(), "small"))).toEqual(SMALL);
      expect(readdirSync(files())).toEqual(["small"]);
    });
  });

  test("keeps what it has, and gets the file when there is room again", async () => {
    await withWorker(async () => {
      fill(join(files(), "ballast"));
      expect(await get("small-1", "small-2", "large").end()).toBe(3);
      const left = readdirSync(files());
      expect(left).toContain("ballast");
      for (const name of left.filter((each) => each !== "ballast"))
        expect(readFileSync(join(files(), name))).toEqual(SMALL);

      rmSync(join(files(), "ballast"));
      expect(await get("small-1", "small-2").end()).toBe(0);
      expect(readdirSync(files()).sort()).toEqual(["small-1", "small-2"]);
    });
  });
});
