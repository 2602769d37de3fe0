/*
 * A cancel closes the request, whatever phase it is in, and leaves the session as it was.
 *
 * Over real sockets, so in real time: nothing else shows that a server sees a connection close.
 */
import {
  CancelledError,
  CancelScope,
  createTask,
  moveOnAfter,
  protect,
  sleep,
  taskGroup,
  type Task,
} from "ambit";
import { ClientSession } from "ambit/http";
import { cancelEverywhere } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { hangs, Origin, until } from "./origin.ts";

const IDLE = { open: 0, queued: 0, hosts: {} };

async function ended(task: Task<unknown>): Promise<unknown> {
  return task.then(
    () => "finished",
    (error: unknown) => (error as Error).name,
  );
}

/** After a cancel: nothing is left, a request is answered, and as many as the limit at a time. */
async function expectAsBefore(
  session: ClientSession,
  origin: Origin,
  limit: number,
): Promise<void> {
  expect(session.statistics()).toMatchObject(IDLE);
  origin.most = 0;
  const texts = Array.from({ length: 3 * limit }, async (_, index) => {
    return (await session.get(`${origin.url}/after${index}`)).text();
  });
  expect(new Set(await Promise.all(texts)).size).toBe(3 * limit);
  expect(origin.most).toBeLessThanOrEqual(limit);
  expect(origin.connected).toBeLessThanOrEqual(limit);
  expect(session.statistics()).toMatchObject(IDLE);
}

describe("a cancel", () => {
  test("while the head is awaited closes the connection", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 2 });
    const task = createTask(() => session.get(`${origin.url}/hang`));
    await until(() => origin.open === 1);
    expect(session.statistics().open).toBe(1);
    task.cancel();
    expect(await ended(task)).toBe("CancelledError");
    await until(() => origin.aborted.length === 1);
    expect(origin.aborted).toEqual(["GET /hang"]);
    await until(() => origin.connected === 0);
    await expectAsBefore(session, origin, 2);
  });

  test("is seen by the server within 5 ms", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession();
    let best = Infinity;
    // The machine may be busy, so the best of some tries tells.
    for (let tries = 1; tries <= 10 && best >= 5; tries++) {
      const task = createTask(() => session.get(`${origin.url}/hang`));
      await until(() => origin.open === 1);
      task.cancel();
      best = Math.min(best, await until(() => origin.aborted.length === tries));
      expect(task.cancelled()).toBe(true);
    }
    expect(best).toBeLessThan(5);
  });

  const FOREVER = 60_000;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield new Uint8Array(1);
      await sleep(1);
    }
  }
  async function* stuck(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    await sleep(FOREVER);
  }
  test.each<[string, (session: ClientSession, url: string) => Promise<unknown>]>([
    ["in the body", async (session, url) => (await session.get(`${url}/half`)).text()],
    ["after a redirect", (session, url) => session.get(`${url}/to-hang`)],
    ["after a retry", (session, url) => session.get(`${url}/503-hang`, { retry: { delay: 0 } })],
    ["while a body is sent", (session, url) => session.post(`${url}/hang`, { body: endless() })],
    ["while a body is made", (session, url) => session.post(`${url}/hang`, { body: stuck() })],
    [
      "in a middleware's second sending",
      (session, url) =>
        session.get(`${url}/first`, {
          middlewares: [
            async (request, next) => {
              (await next(request)).release();
              request.url.pathname = "/hang";
              return next(request);
            },
          ],
        }),
    ],
  ])("%s is seen by the server within 5 ms", async (_, work) => {
    const seen503 = new Set<string>();
    await using origin = await Origin.start((request, answer) => {
      const { url = "" } = request;
      if (url === "/to-hang") answer.writeHead(302, { location: "/hang" }).end();
      else if (url === "/503-hang" && !seen503.delete(url)) {
        seen503.add(url);
        answer.writeHead(503).end();
      } else if (url !== "/503-hang") hangs(request, answer);
    });
    await using session = new ClientSession({ limit: 2 });
    let best = Infinity;
    for (let tries = 1; tries <= 10 && best >= 5; tries++) {
      const before = origin.seen.length;
      const task = createTask(() => work(session, origin.url));
      const hanging = (): boolean =>
        origin.open === 1 && /hang|half/.test(origin.seen.at(-1) as string);
      await until(() => origin.seen.length > before && hanging());
      await sleep(2);
      if (!hanging()) await until(hanging);
      task.cancel();
      best = Math.min(best, await until(() => origin.aborted.length === tries));
      expect(await ended(task)).toBe("CancelledError");
    }
    expect(best).toBeLessThan(5);
    await expectAsBefore(session, origin, 2);
  });

  test.each(["bytes", "text", "json"] as const)(
    "while %s awaits the body closes the connection",
    async (read) => {
      await using origin = await Origin.start(hangs);
      await using session = new ClientSession({ limit: 2 });
      const task = createTask(async () => (await session.get(`${origin.url}/half`))[read]());
      await until(() => origin.open === 1);
      await sleep(2);
      task.cancel();
      expect(await ended(task)).toBe("CancelledError");
      await until(() => origin.aborted.length === 1);
      await expectAsBefore(session, origin, 2);
    },
  );

  test("while a chunk is awaited closes the connection, and the chunks before it were seen", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 2 });
    const chunks: string[] = [];
    const task = createTask(async () => {
      for await (const chunk of (await session.get(`${origin.url}/half`)).body) {
        chunks.push(Buffer.from(chunk).toString());
      }
    });
    await until(() => chunks.length === 1);
    task.cancel();
    expect(await ended(task)).toBe("CancelledError");
    expect(chunks).toEqual(["x"]);
    await until(() => origin.aborted.length === 1);
    await expectAsBefore(session, origin, 2);
  });

  test("between two chunks closes the connection as the loop is left", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 2 });
    const task = createTask(async () => {
      for await (const _ of (await session.get(`${origin.url}/half`)).body) await sleep(60_000);
    });
    await until(() => origin.open === 1);
    await sleep(2);
    task.cancel();
    expect(await ended(task)).toBe("CancelledError");
    await until(() => origin.aborted.length === 1);
    await expectAsBefore(session, origin, 2);
  });

  test("of a request that is queued for a limit leaves the queue, and the server never hears of it", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 1 });
    const first = createTask(() => session.get(`${origin.url}/hang`));
    const second = createTask(() => session.get(`${origin.url}/second`));
    const third = createTask(async () => (await session.get(`${origin.url}/third`)).text());
    await until(() => origin.open === 1);
    expect(session.statistics()).toMatchObject({ open: 1, queued: 2 });
    second.cancel();
    expect(await ended(second)).toBe("CancelledError");
    expect(session.statistics()).toMatchObject({ open: 1, queued: 1 });
    first.cancel();
    expect(await third).toBe("hello /third");
    expect(origin.seen).toEqual(["GET /hang", "GET /third"]);
    await expectAsBefore(session, origin, 1);
  });

  test("of a request that is queued for its host leaves the queue", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limitPerHost: 1 });
    const first = createTask(() => session.get(`${origin.url}/hang`));
    const second = createTask(() => session.get(`${origin.url}/second`));
    await until(() => origin.open === 1);
    second.cancel();
    expect(await ended(second)).toBe("CancelledError");
    first.cancel();
    expect(await ended(first)).toBe("CancelledError");
    expect(origin.seen).toEqual(["GET /hang"]);
    await expectAsBefore(session, origin, 1);
  });

  test("of a request that undici has queued ends it at once, and costs no connection", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 1 });
    await (await session.get(`${origin.url}/first`)).text();
    // The only connection is free a turn of the event loop after its answer: till then undici
    // queues.
    const task = createTask(() => session.get(`${origin.url}/queued`), { eager: true });
    expect(session.statistics().open).toBe(1);
    task.cancel();
    expect(session.statistics()).toMatchObject(IDLE);
    expect(await ended(task)).toBe("CancelledError");
    await (await session.get(`${origin.url}/next`)).text();
    expect(origin.seen).toEqual(["GET /first", "GET /next"]);
    expect(origin.connections).toBe(1);
    await expectAsBefore(session, origin, 1);
    expect(origin.connections).toBe(1);
  });

  test("while connecting gives the connection up", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 1 });
    const task = createTask(() => session.get(`${origin.url}/never`), { eager: true });
    task.cancel();
    expect(await ended(task)).toBe("CancelledError");
    expect(session.statistics()).toMatchObject(IDLE);
    await sleep(5);
    expect(origin.seen).toEqual([]);
    await until(() => origin.connected === 0);
    await expectAsBefore(session, origin, 1);
  });

  test("that is due before the request is made sends nothing", async () => {
    await using origin = await Origin.start();
    await using session = new ClientSession({ limit: 1 });
    const task: Task<unknown> = createTask(
      async () => {
        task.cancel();
        await session.get(`${origin.url}/never`);
      },
      { eager: false },
    );
    expect(await ended(task)).toBe("CancelledError");
    expect(origin.connections).toBe(0);
    await expectAsBefore(session, origin, 1);
  });

  test("that is due before a queued request is made keeps no place", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 1 });
    const first = createTask(() => session.get(`${origin.url}/hang`), { eager: true });
    const second: Task<unknown> = createTask(async () => {
      second.cancel();
      await session.get(`${origin.url}/never`);
    });
    expect(await ended(second)).toBe("CancelledError");
    first.cancel();
    expect(await ended(first)).toBe("CancelledError");
    await expectAsBefore(session, origin, 1);
  });

  test("that comes when a place was granted gives it back", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 1 });
    const first = createTask(() => session.get(`${origin.url}/hang`), { eager: true });
    const second = createTask(() => session.get(`${origin.url}/never`), { eager: true });
    await until(() => origin.open === 1);
    // The first's place goes to the second, which is cancelled before it can resume.
    first.cancel();
    second.cancel();
    expect(await ended(first)).toBe("CancelledError");
    expect(await ended(second)).toBe("CancelledError");
    expect(origin.seen).toEqual(["GET /hang"]);
    await expectAsBefore(session, origin, 1);
  });

  test("of one request leaves the others alone", async () => {
    await using origin = await Origin.start((request, answer) => {
      if (request.url !== "/hang") setTimeout(() => answer.end("late"), 20);
    });
    await using session = new ClientSession();
    const texts = await taskGroup(async (group) => {
      const victim = group.spawn(() => session.get(`${origin.url}/hang`));
      const others = ["a", "b", "c"].map((name) =>
        group.spawn(async () => (await session.get(`${origin.url}/${name}`)).text()),
      );
      await until(() => origin.open === 4);
      victim.cancel();
      return Promise.all(others);
    });
    expect(texts).toEqual(["late", "late", "late"]);
    await until(() => origin.aborted.length > 0);
    expect(origin.aborted).toEqual(["GET /hang"]);
  });

  test("of a scope in a task ends only the request in it", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession();
    const scope = new CancelScope();
    const work = scope.run(() => session.get(`${origin.url}/hang`));
    await until(() => origin.open === 1);
    scope.cancel();
    expect((await work).cancelledCaught).toBe(true);
    await until(() => origin.aborted.length === 1);
    expect(await (await session.get(`${origin.url}/on`)).text()).toBe("hello /on");
  });

  test("that comes after the head has come leaves the response to its reader", async () => {
    await using origin = await Origin.start();
    await using session = new ClientSession();
    let text = "";
    const task = createTask(async () => {
      const response = await session.get(`${origin.url}/there`);
      task.cancel();
      text = await response.text();
      await sleep(0);
    });
    expect(await ended(task)).toBe("CancelledError");
    expect(text).toBe("hello /there");
  });

  test.each(["bytes", "body"] as const)(
    "that is due before %s is awaited closes the connection too",
    async (read) => {
      await using origin = await Origin.start(hangs);
      await using session = new ClientSession({ limit: 2 });
      const task: Task<unknown> = createTask(async () => {
        const response = await session.get(`${origin.url}/half`);
        if (read === "body") await response.body.next();
        task.cancel();
        await (read === "body" ? response.body.next() : response.bytes());
      });
      expect(await ended(task)).toBe("CancelledError");
      await until(() => origin.aborted.length === 1);
      await expectAsBefore(session, origin, 2);
    },
  );

  test("leaves a response that says so when it is read again", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession();
    const response = await session.get(`${origin.url}/half`);
    await moveOnAfter(1, () => response.bytes());
    await expect(response.bytes()).rejects.toThrow(
      `read on <http GET ${origin.url}/half 200>: its request was cancelled`,
    );
    expect(session.statistics()).toMatchObject(IDLE);
  });

  test("ends a request that was left floating with its task", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession();
    let floating: Promise<unknown> = Promise.resolve();
    await createTask(async () => {
      floating = session.get(`${origin.url}/hang`);
      floating.catch(() => undefined);
      await until(() => origin.open === 1);
    });
    await expect(floating).rejects.toBeInstanceOf(CancelledError);
    await until(() => origin.aborted.length === 1);
    expect(session.statistics()).toMatchObject(IDLE);
  });

  test("at any moment loses no place and no connection", async () => {
    await using origin = await Origin.start((request, answer) => {
      if (Number(request.url?.slice(1)) % 3 === 0) setTimeout(() => answer.end("late"), 3);
      else hangs(request, answer);
    });
    await using session = new ClientSession({ limit: 4, limitPerHost: 3 });
    const tasks = Array.from({ length: 150 }, (_, index) =>
      createTask(async () => (await session.get(`${origin.url}/${index}`)).text()),
    );
    for (const [index, task] of tasks.entries()) {
      if (index % 2 === 0) task.cancel();
      if (index % 10 === 0) await sleep(0);
    }
    const ends = await Promise.all(tasks.map((task) => ended(task)));
    expect(ends.filter((end) => end !== "finished" && end !== "CancelledError")).toEqual([]);
    expect(ends.filter((end) => end === "finished").length).toBeGreaterThanOrEqual(75);
    expect(origin.most).toBeLessThanOrEqual(3);
    await expectAsBefore(session, origin, 3);
  });
});

test("a cancel at every await point loses no place and leaves nothing open", async () => {
  await using origin = await Origin.start((request, answer) => {
    answer.write("x");
    setTimeout(() => answer.end(request.url), 2);
  });
  const session = new ClientSession({ limit: 1 });
  const read = async (path: string): Promise<string> => {
    return (await session.get(origin.url + path)).text();
  };
  const points = await cancelEverywhere(async () => {
    try {
      await taskGroup(async (group) => {
        group.spawn(() => read("/one"));
        group.spawn(() => read("/two"));
      });
    } finally {
      expect(session.statistics()).toMatchObject(IDLE);
      expect(await protect(() => read("/free"))).toBe("x/free");
    }
  });
  // The heads of three requests, the queue of one, the group; and bodies that were not there yet.
  expect(points).toBeGreaterThanOrEqual(5);
  await session.close();
});

describe("a signal", () => {
  test("that is aborted ends the request with its reason, in the head and in the body", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession();
    for (const path of ["/hang", "/half"]) {
      const controller = new AbortController();
      const reason = new Error("enough");
      const { signal } = controller;
      const work = session.get(origin.url + path, { signal }).then((answer) => answer.bytes());
      await until(() => origin.open === 1);
      await sleep(2);
      controller.abort(reason);
      await expect(work).rejects.toBe(reason);
      await until(() => origin.open === 0);
    }
    expect(origin.aborted).toEqual(["GET /hang", "GET /half"]);
    expect(session.statistics()).toMatchObject(IDLE);
  });

  test("that is aborted takes a queued request out of the queue", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 1 });
    const first = createTask(() => session.get(`${origin.url}/hang`), { eager: true });
    const controller = new AbortController();
    const second = session.get(`${origin.url}/never`, { signal: controller.signal });
    expect(session.statistics().queued).toBe(1);
    controller.abort();
    await expect(second).rejects.toThrow("aborted");
    expect(session.statistics()).toMatchObject({ open: 1, queued: 0 });
    first.cancel();
    expect(await ended(first)).toBe("CancelledError");
    await expectAsBefore(session, origin, 1);
  });

  test("that was aborted before sends nothing", async () => {
    await using origin = await Origin.start();
    await using session = new ClientSession();
    const signal = AbortSignal.abort("never mind");
    await expect(session.get(origin.url, { signal })).rejects.toBe("never mind");
    expect(origin.connections).toBe(0);
    expect(session.statistics()).toMatchObject(IDLE);
  });
});
