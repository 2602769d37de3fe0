/**
 * A list that takes its time, in virtual time: it holds up nothing that is ready without it. Only the
 * files are real.
 */
import { getRunningLoop, moveOnAfter, sleep } from "ambit";
import { type DownloadItem, downloadAll, type DownloadOptions } from "ambit/download";
import { ClientSession, MockTransport } from "ambit/http";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";
import { Folder } from "./site.ts";

const RETRY = { delay: 1000, maxDelay: 1000 } as const;

/** Downloads in virtual time from a server whose `/busy` is not, the second time. */
async function ends(
  items: () => AsyncGenerator<DownloadItem>,
  options: DownloadOptions = {},
): Promise<[name: string, time: number][]> {
  using folder = new Folder();
  return runVirtual(async () => {
    let busy = 0;
    const transport = new MockTransport(({ url }) => {
      if (url.pathname === "/busy" && busy++ === 0) return { status: 503 };
      return { status: 200, body: url.pathname };
    });
    await using session = new ClientSession({ transport });
    const told: [string, number][] = [];
    const run = downloadAll(items(), {
      folder: folder.path,
      retry: RETRY,
      random: () => 0.999_999,
      session,
      ...options,
    });
    for await (const { url, outcome } of run) {
      told.push([`${outcome} ${new URL(url).pathname}`, Math.round(getRunningLoop().time())]);
    }
    return told;
  });
}

async function* slow(): AsyncGenerator<DownloadItem> {
  yield { url: "http://h.test/busy" };
  await sleep(60_000);
  yield { url: "http://h.test/late" };
}

test("what is to be tried again does not wait for the next item of the list", async () => {
  expect(await ends(slow)).toEqual([
    ["done /busy", 1000],
    ["done /late", 60_000],
  ]);
});

test("what waits for its host does not, either", async () => {
  async function* items(): AsyncGenerator<DownloadItem> {
    for (const name of ["busy", "second", "third"]) yield { url: `http://h.test/${name}` };
    await sleep(60_000);
  }
  const told = await ends(items, { perHost: 1 });
  expect(told.map(([name]) => name).sort()).toEqual(["done /busy", "done /second", "done /third"]);
  expect(Math.max(...told.map(([, time]) => time))).toBe(1000);
});

test("the list is asked for one item at a time", async () => {
  let open = 0;
  const items = (): AsyncGenerator<DownloadItem> => {
    let count = 0;
    const next = async (): Promise<IteratorResult<DownloadItem>> => {
      expect(++open).toBe(1);
      await sleep(700);
      open--;
      if (++count > 5) return { done: true, value: undefined };
      return {
        done: false,
        value: { url: count === 1 ? "http://h.test/busy" : `http://h.test/${count}` },
      };
    };
    return { next, [Symbol.asyncIterator]: () => ({ next }) } as never;
  };
  expect(await ends(items)).toHaveLength(5);
});

test("a list that throws while something pauses ends the run with its error", async () => {
  async function* items(): AsyncGenerator<DownloadItem> {
    yield { url: "http://h.test/busy" };
    await sleep(5000);
    throw new Error("the list is torn");
  }
  await expect(ends(items)).rejects.toThrow("the list is torn");
});

test.each([0, 500, 1000, 30_000])(
  "a cancel after %i ms reaches what the list waits for, and the list is closed",
  async (after) => {
    using folder = new Folder();
    const closed: number[] = [];
    async function* items(): AsyncGenerator<DownloadItem> {
      try {
        yield* slow();
      } finally {
        closed.push(getRunningLoop().time());
      }
    }
    await runVirtual(async () => {
      const transport = new MockTransport(() => ({ status: 200, body: "x" }));
      await using session = new ClientSession({ transport });
      await moveOnAfter(after, async () => {
        for await (const _ of downloadAll(items(), { folder: folder.path, session }));
      });
      expect(getRunningLoop().time()).toBe(after);
    });
    expect(closed).toEqual(after === 0 ? [] : [after]);
  },
);
