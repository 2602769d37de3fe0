/*
 * Clients that break off, trickle and lie, against a server over real sockets: real time, for sockets have no other.
 *
 * Only what happens is asserted, and in which order; how fast it is, `npm run bench web-probes` tells.
 */
import { run, sleep } from "ambit";
import { Application, type AnswerRecord, type RunningApplication } from "ambit/web";
import { describe, expect, test } from "vitest";
import { RawClient } from "../conformance/rawClient.ts";
import { get, HOST, head, post } from "../conformance/row.ts";

/** Plays against an application, and gives how its exchanges have ended. */
function outcomes(
  app: Application,
  body: (server: RunningApplication) => Promise<void>,
  headTimeout = 30_000,
): Promise<string[]> {
  const records: AnswerRecord[] = [];
  app.onAnswer((record) => records.push(record));
  return run(async () => {
    await using server = await app.start({ port: 0, headTimeout });
    await body(server);
    while (server.running > 0) await sleep(1);
    return records.map(({ outcome }) => outcome);
  });
}

describe("a server", () => {
  test("cancels nobody whose client stays", async () => {
    const app = new Application();
    app.post("/echo", (request) => request.bytes());
    const ended = await outcomes(app, async ({ port }) => {
      const client = await RawClient.open(port);
      for (let i = 0; i < 200; i++) {
        await client.send([post("Content-Length: 5\r\n", "hello")]);
        expect(await client.answer()).toMatchObject({ status: 200, body: "hello" });
      }
      client.destroy();
    });
    expect(ended).toEqual(Array.from({ length: 200 }, () => "finished"));
  });

  test("cancels all of a connection's requests before any has come to its own end", async () => {
    const log: string[] = [];
    const app = new Application();
    app.get("/wait/:n", async ({ params }) => {
      try {
        log.push("begun");
        await sleep(20_000);
        log.push("done");
        return "";
      } finally {
        log.push(params.n);
      }
    });
    const ended = await outcomes(app, async ({ port }) => {
      const client = await RawClient.open(port);
      await client.send([get("/wait/1") + get("/wait/2") + get("/wait/3")]);
      while (log.length < 3) await sleep(1);
      client.destroy();
      while (log.length < 6) await sleep(1);
    });
    expect(log).toEqual(["begun", "begun", "begun", "1", "2", "3"]);
    expect(ended).toEqual(["disconnected", "disconnected", "disconnected"]);
  });

  test("answers others while one trickles its head, and cuts that one off", async () => {
    const app = new Application();
    app.get("/", () => "home");
    await outcomes(
      app,
      async ({ port }) => {
        const slow = await RawClient.open(port);
        await slow.send(["GET / HTTP/1.1\r\nX-Long: "]);
        const other = await RawClient.open(port);
        await other.send([get()]);
        expect(await other.answer()).toMatchObject({ status: 200 });
        other.destroy();
        while (!slow.isClosed) {
          await slow.send(["a"]);
          await sleep(50);
        }
        expect(await slow.answer()).toMatchObject({ status: 408 });
        slow.destroy();
      },
      100,
    );
  });

  test("goes on after clients that connect and say nothing, or break off in the middle of anything", async () => {
    const app = new Application();
    app.get("/", () => "home");
    app.post("/echo", (request) => request.bytes());
    const whole = post("Content-Length: 40\r\n", "x".repeat(40));
    await outcomes(app, async ({ port }) => {
      for (let length = 0; length < whole.length; length += 7) {
        const broken = await RawClient.open(port);
        await broken.send([whole.slice(0, length)]);
        broken.destroy();
      }
      const client = await RawClient.open(port);
      await client.send([get()]);
      expect(await client.answer()).toMatchObject({ status: 200, body: "home" });
      client.destroy();
    });
  });

  test("does not let a path pass for a host where it sends clients on", async () => {
    const app = new Application();
    app.get("/a", () => "");
    await outcomes(app, async ({ port }) => {
      const client = await RawClient.open(port);
      for (const path of ["//evil.example", "//evil.example/a/", "/a//", "/.//evil.example/a"]) {
        await client.send([head(`GET ${path} HTTP/1.1`, HOST)]);
        expect((await client.answer())?.headers["location"] ?? "/").toMatch(/^\/(?!\/)/);
      }
      client.destroy();
    });
  });
});
