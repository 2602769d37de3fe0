/**
 * Streamed answers over a real socket, in real time: what the client sees, and what it means that it leaves.
 */
import { createTask, getRunningLoop, sleep } from "ambit";
import { Application, eventStream, type RunningApplication, stream } from "ambit/web";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { EventParser } from "./eventParser.ts";
import { until } from "./webSocketHost.ts";

const reported: string[] = [];
getRunningLoop().setExceptionHandler(({ exception }) => reported.push(String(exception)));
afterEach(() => {
  const left = reported.splice(0);
  if (left.length > 0) throw new Error(`reported, and not looked for: ${left.join()}`);
});

async function start(prepare: (app: Application) => unknown): Promise<RunningApplication> {
  const app = new Application();
  prepare(app);
  return await app.start({ host: "127.0.0.1", port: 0 });
}

/** An answer whose body is parsed as it comes. */
class Reading {
  readonly response: IncomingMessage;
  readonly parser = new EventParser();
  ended = false;

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.on("data", (chunk: Buffer) => this.parser.push(chunk));
    response.on("end", () => (this.ended = true));
    response.on("error", () => {});
  }

  static async of(
    server: RunningApplication,
    headers: Record<string, string> = {},
  ): Promise<Reading> {
    const request = get(server.url, { headers, agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return new Reading(response);
  }

  get data(): string[] {
    return this.parser.events.map(({ data }) => data);
  }
}

describe("a stream of events", () => {
  test("comes event by event, and begins where the client was", async () => {
    await using server = await start((app) =>
      app.get("/", () =>
        eventStream(
          async function* (lastId) {
            for (let id = Number(lastId ?? 0) + 1; ; id++) {
              yield { id: String(id), data: { id } };
              await sleep(5);
            }
          },
          { retry: 250 },
        ),
      ),
    );
    const reading = await Reading.of(server, { "last-event-id": "41" });
    expect(reading.response.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "transfer-encoding": "chunked",
    });
    await until(() => reading.data.length >= 3);
    expect(reading.data.slice(0, 3)).toEqual(['{"id":42}', '{"id":43}', '{"id":44}']);
    expect([reading.parser.retry, Number(reading.parser.lastEventId) >= 44]).toEqual([250, true]);
    reading.response.destroy();
  });

  test("the source's finally runs when the client leaves, and not at its next event", async () => {
    let closed = false;
    await using server = await start((app) =>
      app.get("/", () =>
        eventStream(async function* () {
          try {
            yield "first";
            await sleep(60_000);
          } finally {
            closed = true;
          }
        }),
      ),
    );
    const reading = await Reading.of(server);
    await until(() => reading.data.length === 1);
    reading.response.destroy();
    expect(await until(() => closed)).toBeLessThan(200);
  });

  test("ends with a hint when to come back, when the server stops", async () => {
    const log: string[] = [];
    const server = await start((app) =>
      app.get("/", () =>
        eventStream(
          async function* () {
            try {
              yield "first";
              await sleep(60_000);
            } finally {
              log.push("closed");
            }
          },
          { retryOnStop: 1500 },
        ),
      ),
    );
    const reading = await Reading.of(server);
    await until(() => reading.data.length === 1);
    const begin = performance.now();
    await server.drain({ timeout: 5000, lameDuck: 0 });
    await until(() => reading.ended);
    expect(performance.now() - begin).toBeLessThan(1500);
    expect([reading.response.complete, reading.parser.retry]).toEqual([true, 1500]);
    expect(log).toEqual(["closed"]);
  });

  test("ends for the client at once, though its source waits for a promise of somebody else's", async () => {
    let settle: ((value: string) => void) | undefined;
    const foreign = new Promise<string>((resolve) => (settle = resolve));
    const server = await start((app) =>
      app.get("/", () =>
        eventStream(async function* () {
          yield "first";
          yield await foreign;
        }),
      ),
    );
    const reading = await Reading.of(server);
    await until(() => reading.data.length === 1);
    const stopping = createTask(() => server.drain({ timeout: 5000, lameDuck: 0 }));
    await until(() => reading.ended);
    expect(server.running).toBe(1);
    settle?.("late");
    await stopping;
    expect(reading.data).toEqual(["first"]);
  });

  test("that fails is broken off, so that the browser comes again, and is reported", async () => {
    await using server = await start((app) =>
      app.get("/", () =>
        eventStream(async function* () {
          yield "first";
          await sleep(20);
          throw new Error("no more news");
        }),
      ),
    );
    const reading = await Reading.of(server);
    await until(() => reading.response.closed);
    expect([reading.data, reading.response.complete]).toEqual([["first"], false]);
    expect(reported.splice(0)).toEqual(["Error: no more news"]);
  });

  test("that can't begin is answered with an error page", async () => {
    await using server = await start((app) =>
      app.get("/", () =>
        eventStream(() => {
          throw new Error("no news at all");
        }),
      ),
    );
    const reading = await Reading.of(server);
    expect(reading.response.statusCode).toBe(500);
    await until(() => reading.ended);
    expect(reported.splice(0)).toEqual(["Error: no news at all"]);
  });

  test("to HEAD has its headers, and nothing runs", async () => {
    let called = false;
    await using server = await start((app) =>
      app.get("/", () =>
        eventStream(() => {
          called = true;
          return (async function* (): AsyncGenerator<string> {})();
        }),
      ),
    );
    const response = await fetch(server.url, { method: "HEAD" });
    expect([response.status, response.headers.get("content-type"), called]).toEqual([
      200,
      "text/event-stream",
      false,
    ]);
  });

  test("in memory it is a stream as well, and cancelling that is leaving", async () => {
    let closed = false;
    const app = new Application();
    app.get("/", () =>
      eventStream(async function* () {
        try {
          yield "first";
          await sleep(60_000);
        } finally {
          closed = true;
        }
      }),
    );
    const response = await app.fetch(new Request("http://localhost/"));
    const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("data: first\n\n");
    await reader.cancel();
    await until(() => closed);
  });
});

describe("an answer that a function writes", () => {
  test("comes piece by piece, with trailers", async () => {
    await using server = await start((app) =>
      app.get("/", () =>
        stream(
          async (writer) => {
            for (const row of ["a", "b"]) {
              await writer.write(`${row}\n`);
              await sleep(5);
            }
            writer.trailer("X-Rows", 2);
          },
          { type: "text/csv", headers: { trailer: "X-Rows" } },
        ),
      ),
    );
    const { response } = await Reading.of(server);
    const pieces: string[] = [];
    response.on("data", (chunk: Buffer) => pieces.push(chunk.toString()));
    await once(response, "end");
    expect([pieces, response.trailers, response.headers["content-type"]]).toEqual([
      ["a\n", "b\n"],
      { "x-rows": "2" },
      "text/csv",
    ]);
  });

  test("has a Content-Length when its length is known", async () => {
    await using server = await start((app) =>
      app.get("/", () => stream((writer) => writer.write("12345"), { length: 5 })),
    );
    const response = await fetch(server.url);
    expect([response.headers.get("content-length"), await response.text()]).toEqual(["5", "12345"]);
  });

  test("waits for a client that does not read, from several tasks too, and ends when it leaves", async () => {
    let written = 0;
    const ends: string[] = [];
    await using server = await start((app) =>
      app.get("/", () =>
        stream(async (writer) => {
          const pour = async (): Promise<void> => {
            try {
              for (;;) {
                await writer.write(Buffer.alloc(100_000));
                written++;
              }
            } finally {
              ends.push("closed");
            }
          };
          await Promise.all([pour(), pour()]);
        }),
      ),
    );
    const request = get(server.url, { agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.on("error", () => {});
    await sleep(150);
    const stalled = written;
    await sleep(50);
    expect(written).toBe(stalled);
    response.on("data", () => {});
    await until(() => written > stalled + 20);
    response.destroy();
    await until(() => ends.length === 2);
  });
});

test("early hints come before the answer", async () => {
  const style = "</style.css>; rel=preload; as=style";
  await using server = await start((app) =>
    app.get("/", async (request) => {
      request.earlyHints(style, "</app.js>; rel=preload; as=script");
      await sleep(5);
      return "page";
    }),
  );
  const request = get(server.url, { agent: false });
  const hints: unknown[] = [];
  request.on("information", ({ statusCode, headers }) => hints.push(statusCode, headers["link"]));
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  expect(hints).toEqual([103, `${style}, </app.js>; rel=preload; as=script`]);
  expect(response.statusCode).toBe(200);
});
