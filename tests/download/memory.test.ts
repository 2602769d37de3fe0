/**
 * Memory does not grow with the list: 200,000 items that are made as they are asked for, against a
 * transport in place of the network.
 *
 * In real time: the collector has none other.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { downloadAll } from "ambit/download";
import { ClientSession, type Transport } from "ambit/http";
import { expect, test } from "vitest";
import { Folder } from "./site.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const NOTHING = { "content-length": "0" };
const EMPTY = new Uint8Array(0);
const body = {
  done: true,
  read: async () => null,
  readAll: async () => EMPTY,
  release: () => undefined,
};

/** One of a thousand is there. */
const transport: Transport = {
  send: async ({ url }) => ({
    status: url.pathname.endsWith("000") ? 200 : 404,
    headers: NOTHING,
    body,
  }),
};

function held(): { heap: number; buffers: number } {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers };
}

test(
  "a list of 200,000 items takes some bytes for each and no object",
  { timeout: 300_000 },
  async () => {
    using folder = new Folder();
    await using session = new ClientSession({ transport });
    function* items(): Generator<string> {
      for (let n = 1; n <= 200_000; n++) yield `http://example.org/some/longer/path/${n}`;
    }
    const run = downloadAll(items(), { folder: folder.path, session, concurrency: 32 });
    let count = 0;
    let before = held();
    for await (const _ of run) if (++count === 20_000) before = held();
    const after = held();
    expect(count).toBe(200_000);
    expect(run.progress.snapshot()).toMatchObject({ done: 200, failed: 199_800, total: 200_000 });
    expect(after.heap - before.heap).toBeLessThan(3e6);
    // 8 bytes for each, in a table that is a third full at its emptiest.
    expect(after.buffers - before.buffers).toBeLessThan(200_000 * 24);
  },
);
