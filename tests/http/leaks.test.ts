/*
 * Many requests leave nothing behind: no socket, no listener, no place, no memory.
 *
 * Over real sockets, so in real time.
 */
import { getEventListeners } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createTask, sleep } from "ambit";
import { ClientSession } from "ambit/http";
import { expect, test } from "vitest";
import { Origin, RawOrigin, until } from "./origin.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

test("a thousand requests use the connections of the limit, and leave no listener on a signal", async () => {
  await using origin = await Origin.start((_, answer) => answer.end("hello"));
  await using session = new ClientSession({ limit: 8 });
  const { signal } = new AbortController();
  const texts = Array.from({ length: 1000 }, async () => {
    return (await session.get(origin.url, { signal })).text();
  });
  expect((await Promise.all(texts)).every((text) => text === "hello")).toBe(true);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect([origin.seen.length, origin.connections, origin.connected]).toEqual([1000, 8, 8]);
  expect(session.statistics()).toMatchObject({ open: 0, queued: 0, connections: 8, hosts: {} });
});

test("cancelled, failed and released requests leave nothing", async () => {
  await using origin = await Origin.start((request, answer) => {
    if (request.url === "/half") answer.write("x");
    else if (request.url === "/bad") request.socket.resetAndDestroy();
  });
  await using session = new ClientSession({ limit: 10, limitPerHost: 10 });
  const controller = new AbortController();
  const { signal } = controller;
  for (let round = 0; round < 10; round++) {
    const tasks = ["/half", "/hang", "/bad"].flatMap((path) =>
      Array.from({ length: 5 }, () => createTask(() => session.get(origin.url + path, { signal }))),
    );
    await sleep(1);
    for (const task of tasks) task.cancel();
    const ends = await Promise.allSettled(tasks.map(async (task) => (await task).release()));
    expect(ends).toHaveLength(15);
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect(session.statistics()).toMatchObject({ open: 0, queued: 0, hosts: {} });
  await until(() => origin.open === 0 && session.statistics().connections === origin.connected);
  expect(origin.connected).toBeLessThanOrEqual(10);
});

test("many hosts, dead or alive, leave nothing in the session", async () => {
  await using session = new ClientSession();
  for (let i = 0; i < 10; i++) {
    const origin = await RawOrigin.start((socket) => socket.end("HTTP/1.1 204 None\r\n\r\n"));
    expect((await session.get(origin.url)).status).toBe(204);
    await origin[Symbol.asyncDispose]();
    await expect(session.get(origin.url)).rejects.toThrow("connection refused");
  }
  await until(() => session.statistics().connections === 0);
  expect(session.statistics().hosts).toEqual({});
});

test("what a request has allocated can be collected when it is done", async () => {
  await using origin = await Origin.start((_, answer) => answer.end("hello"));
  await using session = new ClientSession({ limit: 4 });
  let gone = 0;
  const registry = new FinalizationRegistry(() => gone++);
  for (let i = 0; i < 50; i++) {
    const response = await session.get(origin.url);
    registry.register(response, undefined);
    registry.register(await response.bytes(), undefined);
  }
  await until(() => {
    collect();
    return gone >= 98;
  });
  expect(gone).toBeGreaterThanOrEqual(98);
});
