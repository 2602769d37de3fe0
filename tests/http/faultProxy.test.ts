/*
 * 20,000 requests over a proxy that delays, cuts, resets, corrupts and starves answers by a seed: the
 * client's errors, counted by kind, are what the proxy did, to the request.
 *
 * Over real sockets, so in real time: faults of a network are what is tested.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mapConcurrent } from "ambit";
import { ClientError, ClientPayloadError, ClientSession, ClientTimeoutError } from "ambit/http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FaultProxy, type FaultOptions } from "../servers/faultProxy.ts";

const REQUESTS = 20_000;
const SHARES: FaultOptions["shares"] = {
  delay: 0.05,
  cutHead: 0.02,
  resetHead: 0.02,
  cutBody: 0.02,
  resetBody: 0.02,
  corruptHead: 0.02,
  corruptBody: 0.02,
  // Each takes its whole time limit.
  stall: 0.001,
};

function content(path: string): string {
  return `the answer to ${path}, and some more to cut it in\n`.repeat(4);
}

let server: Server;
let target = "";

beforeAll(async () => {
  server = createServer((request, answer) => {
    const body = content(request.url as string);
    answer.writeHead(200, { "content-length": body.length }).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

/** How a request ended, in one word: what a program would count. */
async function outcome(session: ClientSession, path: string): Promise<string> {
  try {
    const text = await (await session.get(path)).text();
    return text === content(`/${path}`) ? "fine" : "changed";
  } catch (error) {
    if (error instanceof ClientTimeoutError) return `timeout (${error.kind})`;
    if (error instanceof ClientPayloadError) return "cut body";
    return error instanceof ClientError ? error.name : String(error);
  }
}

/** What a request must end as after what was done to it last; it may have been sent again before. */
const ENDS: Readonly<Record<string, string>> = {
  none: "fine",
  delay: "fine",
  cutHead: "ServerDisconnectedError",
  resetHead: "ConnectionResetByServerError",
  cutBody: "cut body",
  resetBody: "cut body",
  corruptHead: "ClientConnectionError",
  corruptBody: "changed",
  stall: "timeout (socketRead)",
  // Its time was over before the proxy could do anything.
  gone: "timeout (socketRead)",
};

function tallyOf(ends: Iterable<string>): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const end of ends) tally[end] = (tally[end] ?? 0) + 1;
  return tally;
}

test("what the client reports is what the proxy did, request by request", async () => {
  await using proxy = await FaultProxy.start({ target, seed: 20_261_125, shares: SHARES });
  await using session = new ClientSession({
    baseUrl: `${proxy.url}/`,
    limit: 48,
    timeout: { socketRead: 4000 },
  });
  const ends = new Map<string, string>();
  const requests = mapConcurrent(
    Array.from({ length: REQUESTS }, (_, index) => String(index)),
    async (path) => void ends.set(path, await outcome(session, path)),
    { limit: 64, ordered: false },
  );
  for await (const _ of requests);

  const last = proxy.last();
  expect(last.size).toBe(REQUESTS);
  const wrong = [...ends]
    .map(([path, end]) => ({ path, end, done: last.get(`GET /${path}`)?.kind ?? "nothing" }))
    .filter(({ end, done }) => end !== ENDS[done]);
  expect(wrong).toEqual([]);

  const expected = tallyOf([...last.values()].map(({ kind }) => ENDS[kind] as string));
  expect(tallyOf(ends.values())).toEqual(expected);
  // Every kind of fault did happen, about as often as it was asked for.
  const done = proxy.tally();
  for (const [kind, share] of Object.entries(SHARES)) {
    expect(done[kind], kind).toBeGreaterThan(share * REQUESTS * 0.5);
    expect(done[kind], kind).toBeLessThan(share * REQUESTS * 1.5);
  }
  // What was sent again without a word: a GET whose used connection ended before its head came.
  const again = proxy.faults.filter(({ occurrence }) => occurrence > 1);
  const before = proxy.faults.filter((fault) => last.get(fault.request) !== fault);
  expect(before).toHaveLength(again.length);
  expect(before.filter(({ kind, nth }) => !/^(cut|reset)Head$/.test(kind) || nth === 1)).toEqual(
    [],
  );
  expect(session.statistics()).toMatchObject({ open: 0, queued: 0, hosts: {} });
}, 240_000);

test("the same seed does the same to the same requests", async () => {
  const run = async (seed: number): Promise<string[]> => {
    await using proxy = await FaultProxy.start({ target, seed, shares: { ...SHARES, stall: 0 } });
    await using session = new ClientSession({ baseUrl: `${proxy.url}/` });
    await Promise.all(Array.from({ length: 300 }, (_, index) => outcome(session, String(index))));
    return proxy.faults
      .filter(({ occurrence }) => occurrence === 1)
      .map(({ request, kind, amount }) => `${request} ${kind} ${amount}`)
      .toSorted();
  };
  const [first, second, other] = [await run(1), await run(1), await run(2)];
  expect(first).toHaveLength(300);
  expect(second).toEqual(first);
  expect(other).not.toEqual(first);
});
