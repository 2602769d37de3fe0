/*
 * The limits on open requests, as the servers see them.
 *
 * Over real sockets, so in real time; but for the last test, which is about virtual time.
 */
import { createTask, getRunningLoop, sleep } from "ambit";
import { ClientSession } from "ambit/http";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { type Answer, hangs, Origin, until } from "./origin.ts";

const slowly: Answer = (request, answer) => {
  setTimeout(() => answer.end(request.url), 4);
};

async function fetchAll(session: ClientSession, urls: string[]): Promise<string[]> {
  return Promise.all(urls.map(async (url) => (await session.get(url)).text()));
}

function urls(origin: Origin, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${origin.url}/${index}`);
}

describe("limit", () => {
  test("bounds the open requests and the connections of all hosts together", async () => {
    await using one = await Origin.start(slowly);
    await using other = await Origin.start(slowly);
    await using session = new ClientSession({ limit: 4 });
    let most = 0;
    const watch = createTask(async () => {
      for (;;) {
        most = Math.max(most, one.open + other.open);
        await sleep(0);
      }
    });
    await fetchAll(session, [...urls(one, 15), ...urls(other, 15)]);
    watch.cancel();
    expect(most).toBeLessThanOrEqual(4);
    expect(Math.max(one.most, other.most)).toBe(4);
    expect(one.connections + other.connections).toBeLessThanOrEqual(8);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0, hosts: {} });
    await watch.then(null, () => undefined);
  });

  test("is 100 unless told otherwise", async () => {
    await using origin = await Origin.start(hangs);
    const session = new ClientSession();
    const works = Array.from({ length: 105 }, () => session.get(`${origin.url}/hang`));
    const ends = Promise.allSettled(works);
    await until(() => origin.open === 100);
    expect(session.statistics()).toMatchObject({ open: 100, queued: 5 });
    await session.close();
    await ends;
    expect(origin.most).toBe(100);
  });

  test.each([0, Infinity])("of %d is none", async (limit) => {
    await using origin = await Origin.start(hangs);
    const session = new ClientSession({ limit, limitPerHost: limit });
    const ends = Promise.allSettled(
      Array.from({ length: 110 }, () => session.get(`${origin.url}/hang`)),
    );
    await until(() => origin.open === 110);
    expect(session.statistics().queued).toBe(0);
    await session.close();
    await ends;
  });

  test("lets requests in as they came", async () => {
    await using origin = await Origin.start(slowly);
    await using session = new ClientSession({ limit: 1 });
    await fetchAll(session, urls(origin, 12));
    expect(origin.seen).toEqual(Array.from({ length: 12 }, (_, index) => `GET /${index}`));
    expect(origin.connections).toBe(1);
  });

  test("is kept until the body has come", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 1 });
    const first = await session.get(`${origin.url}/half`);
    const second = createTask(async () => (await session.get(`${origin.url}/next`)).text());
    await sleep(5);
    expect(origin.seen).toEqual(["GET /half"]);
    expect(session.statistics()).toMatchObject({ open: 1, queued: 1 });
    first.release();
    expect(await second).toBe("hello /next");
  });
});

describe("limitPerHost", () => {
  test("bounds each host, and lets others pass those who wait for one", async () => {
    await using slow = await Origin.start(hangs);
    await using quick = await Origin.start(slowly);
    const session = new ClientSession({ limit: 4, limitPerHost: 2 });
    const stuck = Promise.allSettled([1, 2, 3, 4, 5].map(() => session.get(`${slow.url}/hang`)));
    await until(() => slow.open === 2);
    expect(session.statistics()).toMatchObject({
      open: 2,
      queued: 3,
      hosts: { [slow.url]: { open: 2, queued: 3 } },
    });
    expect(await fetchAll(session, urls(quick, 6))).toHaveLength(6);
    expect([slow.most, quick.most]).toEqual([2, 2]);
    await session.close();
    await stuck;
  });

  test("holds together with limit, whichever is reached first", async () => {
    await using one = await Origin.start(slowly);
    await using other = await Origin.start(slowly);
    await using session = new ClientSession({ limit: 3, limitPerHost: 2 });
    let queued = 0;
    const all = fetchAll(session, [...urls(one, 12), ...urls(other, 12)]);
    const { hosts } = session.statistics();
    for (const host of Object.values(hosts)) queued += host.queued;
    expect([session.statistics().open, queued]).toEqual([3, 21]);
    expect(await all).toHaveLength(24);
    expect([one.most, other.most]).toEqual([2, 2]);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0, hosts: {} });
  });

  test("opens no more connections to a host than it says", async () => {
    await using origin = await Origin.start(slowly);
    await using session = new ClientSession({ limitPerHost: 3 });
    await fetchAll(session, urls(origin, 30));
    expect([origin.most, origin.connections]).toEqual([3, 3]);
  });
});

test("a queued request waits for its session, so that virtual time goes on meanwhile", async () => {
  await using origin = await Origin.start(hangs);
  await runVirtual(async () => {
    await using session = new ClientSession({ limit: 1 });
    const response = await session.get(`${origin.url}/half`);
    const begin = getRunningLoop().time();
    const next = createTask(async () => (await session.get(`${origin.url}/next`)).text());
    await sleep(60_000);
    response.release();
    expect(await next).toBe("hello /next");
    expect(getRunningLoop().time() - begin).toBe(60_000);
  });
});
