/**
 * So many requests at a time, and a line of those that wait.
 */
import { CancelledError, createTask, Event, gather, run, sleep } from "ambit";
import { ClientSession } from "ambit/http";
import { runVirtual } from "ambit/testing";
import { Application, concurrencyLimit, type ConcurrencyLimitOptions } from "ambit/web";
import { describe, expect, test } from "vitest";
import { through } from "./through.ts";

/** A handler that takes 100 ms, behind a limit; `most` is how many were at work at a time. */
function busy(options: ConcurrencyLimitOptions): { ask(): Promise<number>; most: () => number } {
  const middleware = concurrencyLimit(options);
  let working = 0;
  let most = 0;
  const handler = async (): Promise<string> => {
    most = Math.max(most, ++working);
    try {
      await sleep(100);
      return "done";
    } finally {
      working--;
    }
  };
  return { ask: async () => (await through(middleware, {}, handler)).status, most: () => most };
}

describe("concurrencyLimit", () => {
  test("handles so many at a time, keeps some waiting, refuses the rest at once", () =>
    runVirtual(async () => {
      const { ask, most } = busy({ limit: 2, queue: 1 });
      expect(await gather([ask(), ask(), ask(), ask(), ask()])).toEqual([200, 200, 200, 503, 503]);
      expect(most()).toBe(2);
      expect(await ask()).toBe(200);
    }));

  test("nobody waits by default, and who is refused is told when to come back", () =>
    runVirtual(async () => {
      const middleware = concurrencyLimit({ limit: 1, retryAfter: 2500 });
      const working = createTask(() => through(middleware, {}, () => sleep(10, "x")));
      await sleep(1);
      const { status, header, text } = await through(middleware);
      expect([status, header("retry-after")]).toEqual([503, "3"]);
      expect(text).toContain("503");
      expect((await working).status).toBe(200);
    }));

  test("who waits too long is refused, and has left the line", () =>
    runVirtual(async () => {
      const middleware = concurrencyLimit({ limit: 1, queue: 1, queueTimeout: 50 });
      const working = createTask(() => through(middleware, {}, () => sleep(200, "x")));
      await sleep(1);
      expect((await through(middleware)).status).toBe(503);
      expect((await through(middleware)).status).toBe(503);
      expect((await working).status).toBe(200);
      expect((await through(middleware)).status).toBe(200);
    }));

  test("a request that is cancelled while it waits leaves the line to others", () =>
    runVirtual(async () => {
      const middleware = concurrencyLimit({ limit: 1, queue: 1 });
      const go = new Event();
      const working = createTask(() => through(middleware, {}, () => go.wait().then(() => "x")));
      await sleep(1);
      const waiting = createTask(() => through(middleware));
      await sleep(1);
      waiting.cancel();
      expect((await waiting).thrown).toBeInstanceOf(CancelledError);
      const next = createTask(() => through(middleware));
      await sleep(1);
      go.set();
      expect([(await working).status, (await next).status]).toEqual([200, 200]);
    }));

  test("a place is given back when the handler fails", () =>
    runVirtual(async () => {
      const middleware = concurrencyLimit({ limit: 1 });
      const failing = await through(middleware, {}, () => {
        throw new Error("bug");
      });
      expect(failing.status).toBe(500);
      expect((await through(middleware)).status).toBe(200);
    }));

  test("a place is kept until the last byte of a streamed answer was sent", () =>
    runVirtual(async () => {
      const app = new Application().use(concurrencyLimit({ limit: 1 }));
      app.get("/", async function* () {
        yield "one";
        await sleep(50);
        yield "two";
      });
      const ask = () => app.fetch(new Request("http://localhost/"));
      const first = await ask();
      expect([first.status, (await ask()).status]).toEqual([200, 503]);
      expect(await first.text()).toBe("onetwo");
      const second = await ask();
      expect(second.status).toBe(200);
      await second.body?.cancel();
      await sleep(1);
      const third = await ask();
      expect(third.status).toBe(200);
      await third.text();
    }));

  test("over a socket, a place is kept while the client reads, or until it has left", async () => {
    const app = new Application().use(concurrencyLimit({ limit: 1 }));
    const more = new Event();
    app.get("/small", () => "small");
    app.get("/long", async function* () {
      yield "one";
      await more.wait();
      yield "two";
    });
    await run(async () => {
      await using running = await app.start({ port: 0 });
      await using session = new ClientSession({ baseUrl: `${running.url}/` });
      const status = async (): Promise<number> => {
        await using response = await session.get("small");
        return response.status;
      };
      const free = async (): Promise<void> => {
        while (running.running > 0) await sleep(1);
      };
      const read = await session.get("long");
      expect([read.status, await status()]).toEqual([200, 503]);
      more.set();
      expect(await read.text()).toBe("onetwo");
      await free();
      more.clear();
      {
        await using left = await session.get("long");
        expect([left.status, await status()]).toEqual([200, 503]);
      }
      await free();
      expect(await status()).toBe(200);
    });
  });

  test("two limits may be around one handler", () =>
    runVirtual(async () => {
      const all = [concurrencyLimit({ limit: 2 }), concurrencyLimit({ limit: 1 })];
      expect((await through(all)).status).toBe(200);
    }));

  test.each([
    [undefined, "an object with a `limit`"],
    [{ limit: 0 }, "Expected `options.limit`"],
    [{ limit: 1, queue: -1 }, "Expected `options.queue`"],
    [{ limit: 1, queueTimeout: "1s" }, "Expected `options.queueTimeout`"],
    [{ limit: 1, retryAfter: NaN }, "Expected `options.retryAfter`"],
  ])("concurrencyLimit(%j) is refused", (options, message) => {
    expect(() => concurrencyLimit(options as never)).toThrow(message);
  });
});
