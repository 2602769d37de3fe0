/**
 * Deadlines of handlers and bodies. Those of handlers in virtual time; those of bodies over a socket, whose silence only
 * real time can tell.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { createTask, run, sleep, taskGroup } from "ambit";
import { runVirtual } from "ambit/testing";
import { type AnswerRecord, Application } from "ambit/web";
import { describe, expect, test } from "vitest";

const ask = (app: Application, path: string): Promise<Response> =>
  app.fetch(new Request(`http://test${path}`));

describe("a handler that takes too long", () => {
  test("is answered for with 503, and cancelled with all that it has begun", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const app = new Application({}, { timeout: 1000 });
      app.get("/slow", () =>
        taskGroup(async (group) => {
          group.spawn(async () => {
            try {
              await sleep(60_000);
            } finally {
              log.push("child over");
            }
          });
          try {
            await sleep(60_000);
          } finally {
            log.push("handler over");
          }
          return "";
        }),
      );
      const response = await ask(app, "/slow");
      expect(response.status).toBe(503);
      expect(response.headers.get("connection")).toBe("close");
      await sleep(1);
      expect(log.sort()).toEqual(["child over", "handler over"]);
    });
  });

  test("is answered for with 504 where the route says so, and a route's deadline goes before the application's", async () => {
    await runVirtual(async () => {
      const app = new Application({}, { timeout: 60_000 });
      app.get("/proxy", { timeout: 5, timeoutStatus: 504 }, () => sleep(1000, "late"));
      expect((await ask(app, "/proxy")).status).toBe(504);
    });
  });

  test("is answered for at its deadline also when it does not stop", async () => {
    await runVirtual(async () => {
      let ended = false;
      const app = new Application({}, { timeout: 10 });
      app.get("/stubborn", async () => {
        await sleep(1000).catch(() => {});
        await sleep(1000);
        ended = true;
        return "too late";
      });
      const response = await ask(app, "/stubborn");
      expect(response.status).toBe(503);
      expect(await response.text()).not.toContain("too late");
      expect(ended).toBe(false);
      await sleep(2000);
      expect(ended).toBe(true);
    });
  });

  test("may stream for as long as it likes, once its answer has begun", async () => {
    await runVirtual(async () => {
      const app = new Application({}, { timeout: 10 });
      app.get("/stream", () => slowly());
      async function* slowly(): AsyncGenerator<string> {
        for (const piece of ["a", "b", "c"]) {
          yield piece;
          await sleep(1000);
        }
      }
      const response = await ask(app, "/stream");
      expect(response.status).toBe(200);
      expect(await response.text()).toBe("abc");
    });
  });

  test("has no deadline with Infinity", async () => {
    await runVirtual(async () => {
      const app = new Application();
      app.get("/patient", { timeout: Infinity }, () => sleep(10_000_000, "there"));
      expect(await (await ask(app, "/patient")).text()).toBe("there");
    });
  });

  test("is told of in the record of its answer", async () => {
    await runVirtual(async () => {
      const records: AnswerRecord[] = [];
      const app = new Application({}, { timeout: 10 }).onAnswer((record) => records.push(record));
      app.get("/slow", () => sleep(1000, ""));
      app.get("/quick", () => "quick");
      await ask(app, "/slow");
      await ask(app, "/quick");
      await sleep(1);
      expect(records.map(({ status, outcome }) => [status, outcome])).toEqual([
        [503, "timed out"],
        [200, "finished"],
      ]);
      expect(records[1]?.bytes).toBe(5);
    });
  });

  test.each([Number.NaN, "10"])("a deadline of %s is refused", (timeout) => {
    const app = new Application();
    expect(() => app.get("/", { timeout: timeout as number }, () => "")).toThrow(
      /`options.timeout` to be a number of milliseconds/,
    );
    expect(() => new Application({}, { bodyTimeout: timeout as number })).toThrow(
      /`options.bodyTimeout`/,
    );
  });
});

describe("over a socket", () => {
  test("a body that trickles is cut at its deadline, however often a byte of it comes", async () => {
    await run(async () => {
      const app = new Application();
      let ended = "";
      app.post("/upload", { bodyTimeout: 100 }, async (request) => {
        try {
          return await request.text();
        } catch (error) {
          ended = (error as Error).name;
          throw error;
        }
      });
      await using running = await app.start({ port: 0 });
      const socket = connect(running.port, "127.0.0.1");
      socket.on("error", () => {});
      let text = "";
      socket.on("data", (chunk) => (text += String(chunk)));
      socket.write("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
      const trickle = createTask(async () => {
        for (;;) {
          socket.write("x");
          await sleep(5);
        }
      });
      await once(socket, "close");
      trickle.cancel();
      expect(text).toMatch(/^HTTP\/1.1 408 /);
      expect(ended).toBe("CancelledError");
    });
  });

  test("a head that trickles is cut at its deadline, with a 408", async () => {
    await run(async () => {
      const app = new Application();
      await using running = await app.start({ port: 0, headTimeout: 200 });
      const socket = connect(running.port, "127.0.0.1");
      socket.on("error", () => {});
      let text = "";
      socket.on("data", (chunk) => (text += String(chunk)));
      socket.write("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
      const trickle = createTask(async () => {
        for (;;) {
          socket.write("x");
          await sleep(20);
        }
      });
      await once(socket, "close");
      trickle.cancel();
      expect(text).toMatch(/^HTTP\/1.1 408 /);
    });
  });

  test("a body over the limit is refused by its announcement, and the client gets the answer while it sends", async () => {
    await run(async () => {
      let called = false;
      const app = new Application();
      app.post("/upload", { bodyLimit: 1000 }, () => {
        called = true;
        return "";
      });
      await using running = await app.start({ port: 0 });
      const body = Buffer.alloc(3_000_000);
      const response = await fetch(`${running.url}/upload`, { method: "POST", body });
      expect(response.status).toBe(413);
      expect(called).toBe(false);
    });
  });

  test("a body without an announced length is refused when it has grown over the limit", async () => {
    await run(async () => {
      const app = new Application();
      app.post("/upload", { bodyLimit: 1000 }, (request) => request.text());
      await using running = await app.start({ port: 0 });
      const pieces = new ReadableStream({
        pull(controller) {
          controller.enqueue(new Uint8Array(400));
        },
      });
      const init = { method: "POST", body: pieces, duplex: "half" } as RequestInit;
      const response = await fetch(`${running.url}/upload`, init);
      expect(response.status).toBe(413);
      await response.text();
    });
  });
});
