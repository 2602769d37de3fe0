/*
 * A body that is poured into a sink: all of it, in order, once, however it comes; and how it ends early.
 *
 * Over real sockets, so in real time: what is lent there is memory that the next read writes over.
 */
import { createHash, type Hash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { createTask, InvalidStateError, isCancelled, sleep } from "ambit";
import { ClientPayloadError, ClientSession, MockTransport } from "ambit/http";
import { describe, expect, test } from "vitest";
import type { BodySink } from "../../src/http/bodySink.ts";
import { noise, sha256 } from "../download/site.ts";
import { trust } from "../streams/peers.ts";
import { type Answer, Origin, until } from "./origin.ts";
import { SecureOrigin } from "./secureOrigin.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const IDLE = { open: 0, queued: 0, hosts: {} };
const BODY = noise(6_000_000);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Takes a chunk in the call, as a sink has to, and keeps nothing of it. */
class Taking implements BodySink {
  readonly #hash: Hash = createHash("sha256");
  /** The memory that chunks were in. */
  readonly memory = new Set<ArrayBufferLike>();
  size = 0;
  pushes = 0;
  drains = 0;

  push(chunk: Uint8Array): boolean {
    this.#hash.update(chunk);
    this.memory.add(chunk.buffer);
    this.size += chunk.length;
    this.pushes++;
    return this.full();
  }

  protected full(): boolean {
    return false;
  }

  async drain(): Promise<boolean> {
    this.drains++;
    return true;
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}

/** That these bytes came, and no others. */
function expectTaken(sink: Taking, body: Uint8Array): void {
  expect(sink.size).toBe(body.length);
  expect(sink.digest()).toBe(sha256(body));
}

/** Takes a chunk, and wants no other until some time has passed. */
class Slow extends Taking {
  readonly #pause: () => Promise<unknown>;

  constructor(pause: () => Promise<unknown>) {
    super();
    this.#pause = pause;
  }

  protected override full(): boolean {
    return true;
  }

  override async drain(): Promise<boolean> {
    this.drains++;
    await this.#pause();
    return true;
  }
}

/** Answers with a body whose length is said before. */
function sends(body: Uint8Array, headers: Record<string, string> = {}): Answer {
  return (_, answer) => {
    answer.writeHead(200, { ...headers, "content-length": body.length });
    answer.end(body);
  };
}

/** Answers with one whose length is not known. */
function sendsChunked(body: Uint8Array): Answer {
  return (_, answer) => {
    let at = 0;
    const send = (): void => {
      while (at < body.length) {
        const more = answer.write(body.subarray(at, (at += 50_000)));
        if (!more) return void answer.once("drain", send);
      }
      answer.end();
    };
    send();
  };
}

/** Promises all of a body, sends so much of it, then does something else. */
function sendsSome(size: number, then: (answer: ServerResponse) => void): Answer {
  return (request: IncomingMessage, answer: ServerResponse) => {
    if (request.url !== "/") return void answer.end(`hello ${request.url}`);
    answer.writeHead(200, { "content-length": BODY.length });
    answer.write(BODY.subarray(0, size), () => then(answer));
  };
}

/** What it rejects with. */
async function failure(work: PromiseLike<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail("it does not fail"),
    (error: unknown) => error,
  );
}

/** That nothing is left of a request that was given up, and the next is answered. */
async function expectGone(session: ClientSession, origin: Origin): Promise<void> {
  expect(session.statistics()).toMatchObject(IDLE);
  await until(() => origin.aborted.length === 1 && origin.connected === 0);
  expect(await (await session.get(`${origin.url}/next`)).text()).toBe("hello /next");
  expect(origin.connections).toBe(2);
}

describe("a body comes whole and in order", () => {
  test("when its length is known, in memory that it has again and again", async () => {
    await using origin = await Origin.start(sends(BODY));
    await using session = new ClientSession();
    const sink = new Taking();
    await (await session.get(origin.url)).pour(sink);
    expectTaken(sink, BODY);
    expect(sink.drains).toBe(0);
    // The beginning comes before anybody has said what is to be done with it.
    expect(sink.memory.size).toBeLessThan(10);
    expect(session.statistics()).toMatchObject({ ...IDLE, idle: 1 });
  });

  test("when its length is not known, in memory that stays", async () => {
    await using origin = await Origin.start(sendsChunked(BODY));
    await using session = new ClientSession();
    const chunks: Uint8Array[] = [];
    const push = (chunk: Uint8Array): boolean => {
      chunks.push(chunk);
      return false;
    };
    await (await session.get(origin.url)).pour({ push, drain: async () => true });
    expect(Buffer.concat(chunks).equals(BODY)).toBe(true);
    expect(session.statistics()).toMatchObject({ ...IDLE, idle: 1 });
  });

  test.each([
    ["HTTP/1.1", true],
    ["HTTP/2", false],
  ])("over TLS, by %s", async (_, plain) => {
    await using origin = await SecureOrigin.start(sends(BODY) as never, { plain });
    await using session = new ClientSession({ connector: { tls: trust, http2: !plain } });
    for (const sink of [new Taking(), new Slow(turn)]) {
      await (await session.get(origin.url)).pour(sink);
      expectTaken(sink, BODY);
    }
    expect(origin.seen[0]).toBe(plain ? "1.1 GET /" : "2.0 GET /");
    expect(session.statistics()).toMatchObject(IDLE);
  });

  test("when it is decoded on the way", async () => {
    const text = Buffer.from(BODY.toString("base64"));
    await using origin = await Origin.start(
      sends(gzipSync(text, { level: 1 }), { "content-encoding": "gzip" }),
    );
    await using session = new ClientSession();
    for (const sink of [new Taking(), new Slow(turn)]) {
      await (await session.get(origin.url)).pour(sink);
      expectTaken(sink, text);
    }
    expect(session.statistics()).toMatchObject(IDLE);
  });

  test("when it comes of a mock", async () => {
    const transport = new MockTransport(() => ({ body: BODY }));
    await using session = new ClientSession({ transport });
    const sink = new Slow(turn);
    await (await session.get("http://mock.test/")).pour(sink);
    expectTaken(sink, BODY);
    expect(session.statistics()).toMatchObject(IDLE);
  });

  test.each<[string, Answer]>([
    ["of no bytes", sends(Buffer.alloc(0))],
    ["of no chunks", sendsChunked(Buffer.alloc(0))],
    ["that there is none of", (_, answer) => void answer.writeHead(204).end()],
  ])("when it is one %s", async (_, answer) => {
    await using origin = await Origin.start(answer);
    await using session = new ClientSession();
    const sink = new Slow(turn);
    await (await session.get(origin.url)).pour(sink);
    expect([sink.pushes, sink.drains]).toEqual([0, 0]);
    expect(session.statistics()).toMatchObject({ ...IDLE, idle: 1 });
  });

  test("when some of it was read before", async () => {
    await using origin = await Origin.start(sends(BODY));
    await using session = new ClientSession();
    const response = await session.get(origin.url);
    const first: Uint8Array[] = [];
    for (let i = 0; i < 3; i++) first.push((await response.body.next()).value as Uint8Array);
    const sink = new Taking();
    await response.pour(sink);
    const begun = Buffer.concat(first);
    expect(begun.equals(BODY.subarray(0, begun.length))).toBe(true);
    expectTaken(sink, BODY.subarray(begun.length));
  });

  test("when it is traced, and the trace keeps the chunks", async () => {
    await using origin = await Origin.start(sends(BODY));
    const chunks: Uint8Array[] = [];
    const onResponseChunkReceived = (_: object, { chunk }: { chunk: Uint8Array }): void =>
      void chunks.push(chunk);
    await using session = new ClientSession({ traces: [{ onResponseChunkReceived }] });
    const sink = new Taking();
    await (await session.get(origin.url)).pour(sink);
    expectTaken(sink, BODY);
    expect(Buffer.concat(chunks).equals(BODY)).toBe(true);
  });

  test("when nobody but who pours it has the response", async () => {
    await using origin = await Origin.start(sends(BODY));
    await using session = new ClientSession();
    const sink = new Slow(async () => {
      if (sink.drains > 10) return;
      await turn();
      collect();
      await turn();
    });
    await session.get(origin.url).then((response) => response.pour(sink));
    expectTaken(sink, BODY);
    expect(sink.drains).toBeGreaterThan(10);
  });
});

describe("a sink that is always full", () => {
  test.each([
    ["known", sends(BODY)],
    ["not known", sendsChunked(BODY)],
  ])("gets all of a body whose length is %s, once, a chunk for each drain", async (_, answer) => {
    await using origin = await Origin.start(answer);
    await using session = new ClientSession();
    for (const pause of [() => Promise.resolve(), turn, () => sleep(1)]) {
      const sink = new Slow(pause);
      await (await session.get(origin.url)).pour(sink);
      expectTaken(sink, BODY);
      expect(sink.drains).toBe(sink.pushes);
      // One that spins is asked again and again for nothing.
      expect(sink.pushes).toBeLessThan(2 * Math.ceil(BODY.length / 2 ** 12));
    }
    expect(origin.connections).toBe(1);
    expect(session.statistics()).toMatchObject({ ...IDLE, idle: 1 });
  });

  test("holds the server back while it drains", async () => {
    let sent = 0;
    await using origin = await Origin.start((_, answer) => {
      answer.writeHead(200, { "content-length": 2 ** 40 });
      const send = (): void => {
        do sent += 100_000;
        while (answer.write(BODY.subarray(0, 100_000)));
      };
      answer.on("drain", send);
      send();
    });
    await using session = new ClientSession();
    const sink = new Slow(() => (sink.drains < 5 ? turn() : sleep(60_000)));
    using response = await session.get(origin.url);
    const task = createTask(() => response.pour(sink));
    await until(() => sink.drains === 5);
    let before = 0;
    while (before !== sent) {
      before = sent;
      await sleep(100);
    }
    const { size } = sink;
    await sleep(100);
    expect([sink.size, sent]).toEqual([size, before]);
    task.cancel();
    expect(isCancelled(await failure(task))).toBe(true);
  });
});

describe("a sink that throws", () => {
  test.each([
    ["at the first chunk", 1, "push"],
    ["at a later chunk", 5, "push"],
    ["when it drains first", 1, "drain"],
    ["when it drains later", 5, "drain"],
  ])("%s ends the request with its error, and the connection", async (_, nth, where) => {
    await using origin = await Origin.start(sendsSome(4_000_000, () => undefined));
    await using session = new ClientSession();
    const error = new Error("no more room");
    let calls = 0;
    const push = (): boolean => {
      if (where === "push" && ++calls === nth) throw error;
      return where === "drain";
    };
    const drain = async (): Promise<boolean> => {
      if (++calls === nth) throw error;
      return true;
    };
    const response = await session.get(origin.url);
    expect(await failure(response.pour({ push, drain }))).toBe(error);
    expect(calls).toBe(nth);
    await expectGone(session, origin);
    expect(calls).toBe(nth);
    expect(await failure(response.body.next())).toBeInstanceOf(InvalidStateError);
  });

  test("ends one whose body is decoded, too", async () => {
    const packed = gzipSync(BODY);
    await using origin = await Origin.start((request, answer) => {
      if (request.url !== "/") return void answer.end("hello /next");
      answer.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length });
      answer.write(packed.subarray(0, 3_000_000));
    });
    await using session = new ClientSession();
    const error = new Error("no more room");
    const push = (): boolean => {
      throw error;
    };
    const response = await session.get(origin.url);
    expect(await failure(response.pour({ push, drain: async () => true }))).toBe(error);
    await expectGone(session, origin);
  });
});

describe("a sink that wants no more", () => {
  test("gets no more, and a release ends the request", async () => {
    await using origin = await Origin.start(sendsSome(4_000_000, () => undefined));
    await using session = new ClientSession();
    let pushes = 0;
    const push = (): boolean => ++pushes > 4;
    {
      using response = await session.get(origin.url);
      await response.pour({ push, drain: async () => false });
      expect(pushes).toBe(5);
      await turn();
      await turn();
    }
    expect(pushes).toBe(5);
    await expectGone(session, origin);
  });

  test("leaves the rest to whoever goes on", async () => {
    await using origin = await Origin.start(sends(BODY));
    await using session = new ClientSession();
    for (const most of [1, 5]) {
      const response = await session.get(origin.url);
      const first: Buffer[] = [];
      const push = (chunk: Uint8Array): boolean => first.push(Buffer.from(chunk)) >= most;
      await response.pour({ push, drain: async () => false });
      expect(first).toHaveLength(most);
      await sleep(5);
      const rest: Uint8Array[] = [];
      for (let i = 0; i < 5; i++) rest.push((await response.body.next()).value as Uint8Array);
      const sink = new Taking();
      await response.pour(sink);
      const begun = Buffer.concat([...first, ...rest]);
      expect(begun.equals(BODY.subarray(0, begun.length))).toBe(true);
      expectTaken(sink, BODY.subarray(begun.length));
    }
    expect(origin.connections).toBe(1);
  });
});

describe("a cancel", () => {
  test("while the network brings nothing ends the request", async () => {
    await using origin = await Origin.start(sendsSome(1_000_000, () => undefined));
    await using session = new ClientSession();
    const sink = new Taking();
    const response = await session.get(origin.url);
    const task = createTask(() => response.pour(sink));
    await until(() => sink.size === 1_000_000);
    expect(session.statistics().open).toBe(1);
    task.cancel();
    expect(isCancelled(await failure(task))).toBe(true);
    await expectGone(session, origin);
    expect(sink.size).toBe(1_000_000);
    expect(await failure(response.body.next())).toBeInstanceOf(InvalidStateError);
  });

  test("in the middle of all that comes ends the request", async () => {
    await using origin = await Origin.start(sendsSome(BODY.length, () => undefined));
    await using session = new ClientSession();
    const response = await session.get(origin.url);
    const pushed: number[] = [];
    const push = (chunk: Uint8Array): boolean => {
      if (pushed.push(chunk.length) === 10) task.cancel();
      return false;
    };
    const task = createTask(() => response.pour({ push, drain: async () => true }));
    expect(isCancelled(await failure(task))).toBe(true);
    expect(pushed).toHaveLength(10);
    await expectGone(session, origin);
  });

  test("while the sink drains is the sink's, and a release ends the request", async () => {
    await using origin = await Origin.start(sendsSome(4_000_000, () => undefined));
    await using session = new ClientSession();
    const sink = new Slow(() => (sink.drains < 5 ? turn() : sleep(60_000)));
    const task = createTask(async () => {
      using response = await session.get(origin.url);
      await response.pour(sink);
    });
    await until(() => sink.drains === 5);
    const { pushes } = sink;
    task.cancel();
    expect(isCancelled(await failure(task))).toBe(true);
    expect(sink.pushes).toBe(pushes);
    await expectGone(session, origin);
  });
});

describe("a body that does not come whole", () => {
  test.each([
    ["a sink that takes all", () => new Taking()],
    ["a sink that is always full", () => new Slow(turn)],
  ])("is an error after what came of it: %s", async (_, make) => {
    const cut = sendsSome(1_000_000, (answer) => setTimeout(() => answer.destroy(), 20));
    await using origin = await Origin.start(cut);
    await using session = new ClientSession();
    const sink = make();
    const response = await session.get(origin.url);
    expect(await failure(response.pour(sink))).toBeInstanceOf(ClientPayloadError);
    expectTaken(sink, BODY.subarray(0, 1_000_000));
    await expectGone(session, origin);
  });

  test("is one for two who pour it, of whom the second gets nothing", async () => {
    await using origin = await Origin.start(sendsSome(1_000_000, () => undefined));
    await using session = new ClientSession();
    using response = await session.get(origin.url);
    const [first, second] = [new Taking(), new Taking()];
    const task = createTask(() => response.pour(first), { eager: true });
    await until(() => first.size === 1_000_000);
    expect(await failure(response.pour(second))).toBeInstanceOf(InvalidStateError);
    expect(second.pushes).toBe(0);
    // It is none of the first one's business.
    expect(session.statistics().open).toBe(1);
    response.release();
    expect(await failure(task)).toBeInstanceOf(InvalidStateError);
    expect(session.statistics()).toMatchObject(IDLE);
  });
});
