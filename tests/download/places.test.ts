/**
 * How many requests there are when files come in segments.
 *
 * Over real sockets, so in real time, but for the places alone, which are counted in virtual time.
 */
import { createTask, sleep } from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { RequestPlaces } from "../../src/download/requestPlaces.ts";
import { type Answer, download, Folder, noise, serve, Site } from "./site.ts";

const BODY = noise(200_000);

/** Ends no answer before so many were open at a time, and some time more, for who comes besides. */
function together(count: number): Answer {
  return (request, response, site) => {
    const isWhole = request.headers.range === undefined;
    const end = isWhole
      ? begun(response)
      : () => serve(request, response, site.files.get(request.url ?? ""));
    const wait = (): void => {
      if (site.most >= count || response.destroyed) setTimeout(end, 10);
      else setTimeout(wait, 1);
    };
    wait();
  };
}

/** Sends the head of a whole file and some of it; gives what sends the rest. */
function begun(response: Parameters<Answer>[1]): () => void {
  const { length } = BODY;
  response.writeHead(200, { "content-length": length, etag: '"1"', "accept-ranges": "bytes" });
  response.write(BODY.subarray(0, 1000));
  return () => response.end(BODY.subarray(1000));
}

async function mostOf(files: number, options: object, most: number): Promise<number> {
  await using site = await Site.start();
  using folder = new Folder();
  const urls = Array.from({ length: files }, (_, n) => site.put(`/${n}`, BODY, { etag: '"1"' }));
  for (let n = 0; n < files; n++) site.fault(`/${n}`, ...Array<Answer>(8).fill(together(most)));
  const results = await download(urls, {
    folder: folder.path,
    segmentSize: 50_000,
    ...options,
  });
  expect(results.map(({ outcome }) => outcome)).toEqual(urls.map(() => "done"));
  for (let n = 0; n < files; n++) expect(folder.read(String(n)).equals(BODY)).toBe(true);
  expect([...site.asked.values()]).toEqual(urls.map(() => 4));
  return site.most;
}

describe("requests at a time", () => {
  test.each([
    ["one file has all its segments", 1, { concurrency: 1, segments: 4 }, 4],
    ["many files have no more than `concurrency`", 12, { concurrency: 6, segments: 4 }, 6],
    ["nor than `perHost` at one host", 12, { concurrency: 8, perHost: 5, segments: 4 }, 5],
    ["but one file's segments at least", 6, { concurrency: 8, perHost: 1, segments: 4 }, 4],
  ])("%s", async (_, files, options, most) => {
    expect(await mostOf(files, options, most)).toBe(most);
  });
});

describe("places", () => {
  test("are given first come, first served, and a slow host keeps nobody else waiting", () =>
    runVirtual(async () => {
      const places = new RequestPlaces(3, 2);
      const order: string[] = [];
      const stay = async (name: string, ms: number): Promise<void> => {
        const place = await places.enter(name.slice(0, 1));
        order.push(name);
        await sleep(ms);
        place.leave();
        place.leave();
      };
      const tasks = ["a1", "a2", "a3", "b1", "b2"].map((name, n) =>
        createTask(() => stay(name, 10 + n)),
      );
      await sleep(0);
      expect(order).toEqual(["a1", "a2", "b1"]);
      for (const task of tasks) await task;
      expect(order).toEqual(["a1", "a2", "b1", "b2", "a3"]);
    }));

  test("are all there again after a cancel, wherever it comes", async () => {
    const points = await cancelEverywhere(async () => {
      const places = new RequestPlaces(2, 1);
      const stay = async (origin: string): Promise<void> => {
        const place = await places.enter(origin);
        try {
          await sleep(1);
        } finally {
          place.leave();
        }
      };
      const tasks = ["a", "a", "b", "c"].map((origin) => createTask(() => stay(origin)));
      try {
        for (const task of tasks) await task;
      } finally {
        for (const task of tasks) task.cancel();
        await Promise.allSettled(tasks);
        for (const origin of ["a", "b"]) await places.enter(origin);
      }
    });
    expect(points).toBeGreaterThan(5);
  });
});
