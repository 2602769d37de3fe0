/*
 * How an upload ends when its request does: by a cancel at any moment, a timeout, an early answer.
 *
 * Over real sockets, so in real time.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createReadStream } from "node:fs";
import { readdirSync, readlinkSync } from "node:fs";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import {
  CancelledError,
  CancelScope,
  createTask,
  getRunningLoop,
  isCancelled,
  run,
  sleep,
  type Task,
  timeout,
} from "ambit";
import {
  type BodyInput,
  ClientSession,
  fileBody,
  Multipart,
  type RequestBody,
  type Transport,
} from "ambit/http";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "./origin.ts";
import { Receiver } from "./receiver.ts";

let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver[Symbol.asyncDispose]());

const HERE = new URL(import.meta.url).pathname;

/** How many descriptors of this process are this file. */
function descriptors(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === HERE;
    } catch {
      return false;
    }
  }).length;
}

async function outcome(work: PromiseLike<unknown>): Promise<string> {
  return work.then(
    () => "finished",
    (error: Error) => error.name,
  );
}

/** A source that gives a chunk and hangs, and writes down what becomes of it. */
function hanging(log: string[], cleanUp = 0): () => AsyncGenerator<string> {
  return async function* () {
    try {
      log.push("begun");
      yield "a";
      await sleep(60_000);
    } catch (error) {
      log.push((error as Error).name);
      throw error;
    } finally {
      if (cleanUp > 0) await sleep(cleanUp);
      log.push("closed");
    }
  };
}

describe("a cancel of the request", () => {
  test("ends what the source waits for, and lets its clean-up wait, before the request throws", async () => {
    const log: string[] = [];
    await using session = new ClientSession();
    const task = createTask(async () => {
      try {
        await session.post(receiver.url, { body: hanging(log, 5) });
      } finally {
        log.push("request over");
      }
    });
    await until(() => receiver.bytes === 1);
    task.cancel();
    expect(await outcome(task)).toBe("CancelledError");
    expect(log).toEqual(["begun", "CancelledError", "closed", "request over"]);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });

  test("is seen by the server within 5 ms, while the body is being sent", async () => {
    await using session = new ClientSession();
    let best = Infinity;
    // The machine may be busy, so the best of some tries tells.
    for (let tries = 1; tries <= 10 && best >= 5; tries++) {
      const bytes = receiver.bytes;
      const task = createTask(() => session.post(receiver.url, { body: hanging([]) }));
      await until(() => receiver.bytes > bytes);
      task.cancel();
      best = Math.min(best, await until(() => receiver.cut === tries));
      expect(await outcome(task)).toBe("CancelledError");
    }
    expect(best).toBeLessThan(5);
  });

  test("of a scope inside the task ends it as well", async () => {
    const log: string[] = [];
    await using session = new ClientSession();
    const scope = new CancelScope();
    const work = scope.run(() => session.post(receiver.url, { body: hanging(log, 2) }));
    await until(() => receiver.bytes === 1);
    scope.cancel();
    await work;
    expect(scope.cancelledCaught).toBe(true);
    expect(log).toEqual(["begun", "CancelledError", "closed"]);
  });

  test("that comes again while the source cleans up ends the wait for that", async () => {
    const log: string[] = [];
    await using session = new ClientSession();
    const task = createTask(() => session.post(receiver.url, { body: hanging(log, 60_000) }));
    await until(() => receiver.bytes === 1);
    task.cancel();
    await sleep(2);
    expect(task.done()).toBe(false);
    task.cancel();
    expect(await outcome(task)).toBe("CancelledError");
    expect(log).toEqual(["begun", "CancelledError"]);
  });

  test("does not wait for a source that hangs in a foreign promise, which is closed after it", async () => {
    const log: string[] = [];
    let letGo: () => void = () => undefined;
    const foreign = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const source = async function* (): AsyncGenerator<string> {
      try {
        yield "a";
        await foreign;
        yield "b";
      } finally {
        await sleep(1).then(
          () => log.push("closed"),
          () => log.push("closed late"),
        );
      }
    };
    await using session = new ClientSession();
    const task = createTask(() => session.post(receiver.url, { body: source() }));
    await until(() => receiver.bytes === 1);
    task.cancel();
    expect(await outcome(task)).toBe("CancelledError");
    expect(log).toEqual([]);
    letGo();
    await until(() => log.length === 1);
  });

  test("closes a source that waits for its turn", async () => {
    const log: string[] = [];
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(65_536);
      } finally {
        log.push("closed");
      }
    };
    receiver.reads = false;
    await using session = new ClientSession();
    const task = createTask(() => session.post(receiver.url, { body: endless() }));
    await sleep(40);
    task.cancel();
    expect(await outcome(task)).toBe("CancelledError");
    expect(log).toEqual(["closed"]);
  });

  const sources: [string, () => { body: BodyInput; closed: () => boolean }][] = [
    [
      "a stream of Node's",
      () => {
        const body = new Readable({ read: () => undefined });
        body.push("a");
        return { body, closed: () => body.destroyed };
      },
    ],
    [
      "a stream of the web",
      () => {
        let closed = false;
        const body = new ReadableStream({
          start: (controller) => controller.enqueue("a"),
          cancel: () => void (closed = true),
        });
        return { body, closed: () => closed };
      },
    ],
    [
      "an iterator whose return ends its next",
      () => {
        let [closed, steps] = [false, 0];
        let end: (step: IteratorResult<string>) => void = () => undefined;
        const body: AsyncIterableIterator<string> = {
          [Symbol.asyncIterator]: () => body,
          next: () =>
            steps++ === 0
              ? Promise.resolve({ done: false, value: "a" })
              : new Promise((resolve) => {
                  end = resolve;
                }),
          return: async () => {
            closed = true;
            end({ done: true, value: undefined });
            return { done: true, value: undefined };
          },
        };
        return { body, closed: () => closed };
      },
    ],
  ];
  test.each(sources)("closes %s", async (_, make) => {
    const { body, closed } = make();
    await using session = new ClientSession();
    const task = createTask(() => session.post(receiver.url, { body }));
    await until(() => receiver.bytes === 1);
    task.cancel();
    expect(await outcome(task)).toBe("CancelledError");
    await until(closed);
    await until(() => receiver.cut === 1);
  });

  test("waits for an iterator's `return`, which may wait", async () => {
    const log: string[] = [];
    const body: AsyncIterableIterator<string> = {
      [Symbol.asyncIterator]: () => body,
      next: () => (receiver.bytes === 0 ? later("a") : new Promise(() => undefined)),
      return: async () => {
        await sleep(2);
        log.push("closed");
        return { done: true, value: undefined };
      },
    };
    const later = (value: string): Promise<IteratorResult<string>> =>
      sleep(5, { done: false, value });
    await using session = new ClientSession();
    const task = createTask(() => session.post(receiver.url, { body }));
    await until(() => receiver.bytes > 0);
    await sleep(20);
    task.cancel();
    expect(await outcome(task)).toBe("CancelledError");
    expect(log).toEqual(["closed"]);
  });

  test.each(sources)("that is queued for a limit, and never sent, closes %s", async (_, make) => {
    const { body, closed } = make();
    await using session = new ClientSession({ limit: 1 });
    receiver.reads = false;
    const first = createTask(() => session.post(receiver.url));
    await until(() => receiver.origin.open === 1);
    const task = createTask(() => session.post(receiver.url, { body }));
    await sleep(1);
    task.cancel();
    expect(await outcome(task)).toBe("CancelledError");
    await until(closed);
    first.cancel();
    await outcome(first);
  });

  test("leaves no descriptor open, at whatever moment it comes", async () => {
    await using session = new ClientSession();
    const bodies: [string, () => BodyInput][] = [
      ["file", () => fileBody(HERE)],
      ["stream", () => createReadStream(HERE)],
      ["parts", () => new Multipart().file("f", HERE).part("s", createReadStream(HERE))],
    ];
    for (const [, make] of bodies) {
      for (const compress of [undefined, "gzip"] as const) {
        for (let turns = 0; turns < 12; turns++) {
          const task = createTask(
            () =>
              session.post(receiver.url, compress ? { body: make(), compress } : { body: make() }),
            { eager: true },
          );
          for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
          task.cancel();
          await outcome(task);
        }
      }
    }
    await until(() => descriptors() === 0);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });

  test("at every wait leaves nothing behind", async () => {
    let [opened, closed] = [0, 0];
    const program = async (): Promise<void> => {
      await using session = new ClientSession();
      const source = async function* (): AsyncGenerator<string> {
        opened++;
        try {
          yield "a";
          await sleep(0);
          yield "b";
          await sleep(0);
        } finally {
          // This is a wait that the cancel may meet, too.
          await sleep(0).finally(() => closed++);
        }
      };
      for (const compress of ["gzip", undefined] as const) {
        const response = await session.post(receiver.url, {
          body: source(),
          ...(compress && { compress }),
        });
        await response.text();
      }
      await (await session.post(receiver.url, { body: fileBody(HERE) })).text();
      expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
    };
    await cancelEverywhere(program);
    expect(opened).toBeGreaterThan(3);
    expect(closed).toBe(opened);
    await until(() => descriptors() === 0);
  });
});

describe("the end of the request for another reason", () => {
  test("a timeout, ends what the source waits for", async () => {
    const log: string[] = [];
    await using session = new ClientSession();
    const work = session.post(receiver.url, { body: hanging(log, 2), timeout: 500 });
    expect(await outcome(work)).toBe("ClientTimeoutError");
    expect(log).toEqual(["begun", "CancelledError", "closed"]);
  });

  test("an abort of its signal, too", async () => {
    const log: string[] = [];
    await using session = new ClientSession();
    const controller = new AbortController();
    const work = session.post(receiver.url, { body: hanging(log), signal: controller.signal });
    await until(() => receiver.bytes === 1);
    controller.abort(new RangeError("enough"));
    expect(await outcome(work)).toBe("RangeError");
    expect(log).toEqual(["begun", "CancelledError", "closed"]);
  });

  test("the session's close, too", async () => {
    const log: string[] = [];
    const session = new ClientSession();
    const work = outcome(session.post(receiver.url, { body: hanging(log) }));
    await until(() => receiver.bytes === 1);
    await session.close();
    expect(await work).toBe("SessionClosedError");
    expect(log).toEqual(["begun", "CancelledError", "closed"]);
  });

  test("an answer that comes before the body has gone, closes the source", async () => {
    const log: string[] = [];
    await using session = new ClientSession({ limit: 1 });
    const response = await session.post(`${receiver.url}/early`, { body: hanging(log) });
    expect([response.status, await response.text()]).toEqual([413, "too much"]);
    await until(() => log.includes("closed"));
    expect(log).toEqual(["begun", "CancelledError", "closed"]);
    expect(await (await session.post(receiver.url, { body: "next" })).text()).toBe("thanks");
  });

  test("a server that goes away, closes the source", async () => {
    const log: string[] = [];
    await using session = new ClientSession();
    const work = outcome(session.post(receiver.url, { body: hanging(log) }));
    await until(() => receiver.bytes === 1);
    await receiver[Symbol.asyncDispose]();
    expect(await work).toMatch(/Error$/);
    expect(log).toEqual(["begun", "CancelledError", "closed"]);
    receiver = await Receiver.start();
  });

  test("no answer of a transport's that never looked at the body, leaves a stream open", async () => {
    const transport: Transport = {
      send: () =>
        Promise.resolve({
          status: 204,
          headers: {},
          body: {
            done: true,
            read: () => Promise.resolve(null),
            readAll: () => Promise.resolve(new Uint8Array()),
            release: () => undefined,
          },
        }),
    };
    await using session = new ClientSession({ transport });
    const body = createReadStream(HERE);
    expect((await session.post(receiver.url, { body })).status).toBe(204);
    await until(() => body.closed);
    expect(descriptors()).toBe(0);
  });
});

test("a source that goes on while its answer is read belongs to the scope that sent it", async () => {
  const { origin } = receiver;
  const echo = await import("./origin.ts").then(({ Origin }) =>
    Origin.start((request, answer) => {
      request.pipe(answer);
      request.on("error", () => undefined);
    }),
  );
  expect(origin.url).not.toBe(echo.url);
  const log: string[] = [];
  await using session = new ClientSession();
  const source = async function* (): AsyncGenerator<string> {
    try {
      for (const chunk of ["a", "b", "c"]) {
        yield chunk;
        await sleep(5);
      }
    } finally {
      log.push("closed");
    }
  };
  const response = await session.post(echo.url, { body: source() });
  expect(await response.text()).toBe("abc");
  expect(log).toEqual(["closed"]);
  // One whose scope has ended dies out, and with it the request.
  const floating = await timeout(1000, () => session.post(echo.url, { body: source() }));
  const end = await outcome(floating.text());
  expect(end).toBe("RequestBodyError");
  await until(() => log.length === 2);
  await echo[Symbol.asyncDispose]();
});

test("in virtual time a source may take hours, and the server all the real time it needs", async () => {
  const begin = performance.now();
  await runVirtual(async () => {
    await using session = new ClientSession({ timeout: Infinity });
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 3; i++) yield await sleep(3_600_000, new Uint8Array(100_000));
    };
    const response = await timeout(4 * 3_600_000, () =>
      session.post(receiver.url, { body: source() }),
    );
    expect(await response.text()).toBe("thanks");
  });
  expect(receiver.received[0]?.body.length).toBe(300_000);
  expect(performance.now() - begin).toBeLessThan(5000);
});

test("a cancel that the source itself runs into is no cancel of the request's task", async () => {
  const source = async function* (): AsyncGenerator<string> {
    const task: Task<string> = createTask(() => sleep(60_000, "x"));
    task.cancel("not wanted");
    yield await task;
  };
  await using session = new ClientSession();
  const error: unknown = await session
    .post(receiver.url, { body: source() })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "RequestBodyError" });
  expect((error as Error).cause).toBeInstanceOf(CancelledError);
  expect(isCancelled(error)).toBe(true);
});

test("in debug mode a source that is closed is no cancel that somebody swallowed", async () => {
  const reports: unknown[] = [];
  const log: string[] = [];
  await run(
    async () => {
      getRunningLoop().setExceptionHandler(({ message }) => {
        // A busy machine makes slow steps.
        if (!message.includes("held the loop")) reports.push(message);
      });
      await using session = new ClientSession();
      const controller = new AbortController();
      const scope = new CancelScope();
      await scope.run(async () => {
        const { signal } = controller;
        const work = session.post(receiver.url, { body: hanging(log), signal });
        await until(() => receiver.bytes === 1);
        controller.abort();
        expect(await outcome(work)).toBe("AbortError");
      });
    },
    { debug: true },
  );
  expect(log).toEqual(["begun", "CancelledError", "closed"]);
  expect(reports).toEqual([]);
});

test("a body of the caller's own class is closed and measured like others", async () => {
  const log: string[] = [];
  const source = hanging(log);
  const body = (length: number): RequestBody => ({
    length,
    contentType: null,
    replayable: true,
    async *open() {
      for await (const chunk of source()) yield Buffer.from(chunk);
    },
  });
  await using session = new ClientSession();
  const storage = new AsyncLocalStorage<number>();
  const controller = new AbortController();
  const options = { body: body(5), signal: controller.signal };
  const work = storage.run(1, () => session.post(receiver.url, options));
  await until(() => receiver.bytes === 1);
  controller.abort();
  expect(await outcome(work)).toBe("AbortError");
  expect(log).toEqual(["begun", "CancelledError", "closed"]);
  const short: RequestBody = {
    ...body(5),
    async *open() {
      yield Buffer.from("abc");
    },
  };
  await expect(session.post(receiver.url, { body: short })).rejects.toThrow(
    "its body ended after 3 of 5 bytes",
  );
  const long: RequestBody = {
    ...body(2),
    async *open() {
      yield Buffer.from("abc");
    },
  };
  await expect(session.post(receiver.url, { body: long })).rejects.toThrow(
    "its body is longer than the 2 bytes that were announced",
  );
});
