/**
 * The test client, in memory and over a socket. What runs in both needs a real socket, and so real time; what is about
 * memory alone runs in virtual time.
 */
import { createTask, Event, getRunningLoop, run, sleep, timeout, TimeoutError } from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import {
  Application,
  type ApplicationOptions,
  compress,
  HttpError,
  json,
  NotFound,
  redirect,
  Reply,
  setCookie,
  text,
} from "ambit/web";
import {
  CLIENT_MODES,
  inBothModes,
  TestClient,
  testClient,
  type TestClientOptions,
} from "ambit/web/testing";
import { describe, expect, test } from "vitest";

/** Runs the test with both clients; what the loop would report is kept from the screen. */
function both(
  makeApp: () => Application,
  body: (client: TestClient) => unknown,
  options?: TestClientOptions,
): Promise<void> {
  return run(async () => {
    getRunningLoop().setExceptionHandler(() => undefined);
    await inBothModes(makeApp, body, options);
  });
}

describe("in both modes", () => {
  test("each method gets to its handler, with its path, query and body", () =>
    both(
      () =>
        new Application().route(
          ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
          "/echo/:name",
          async (request) => ({
            method: request.method,
            name: request.params.name,
            query: request.query.get("q"),
            type: request.headers.get("content-type"),
            length: request.headers.get("content-length"),
            body: await request.text(),
          }),
        ),
      async (client) => {
        const common = { name: "a b", query: "1", type: null, length: null, body: "" };
        const options = { params: { q: "1" } };
        for (const method of ["get", "delete", "options"] as const)
          expect(await (await client[method]("/echo/a%20b", options)).json()).toEqual({
            ...common,
            method: method.toUpperCase(),
          });
        for (const method of ["post", "put", "patch"] as const)
          expect(
            await (await client[method]("/echo/a%20b", { ...options, json: { x: "ü" } })).json(),
          ).toEqual({
            ...common,
            method: method.toUpperCase(),
            type: "application/json",
            length: "10",
            body: '{"x":"ü"}',
          });
        const head = await client.head("echo/x");
        expect([head.status, (await head.bytes()).length]).toEqual([200, 0]);
        expect((await client.request("PROPFIND", "/echo/x")).status).toBe(405);
        expect((await client.get("/missing")).status).toBe(404);
      },
    ));

  test("a body that comes piece by piece is read as it comes, and answered the same way", () =>
    both(
      () =>
        new Application().post("/", async function (request) {
          return (async function* () {
            for await (const piece of request.body) yield `[${Buffer.from(piece).toString()}]`;
          })();
        }),
      async (client) => {
        async function* pieces() {
          yield Buffer.from("one");
          await sleep(5);
          yield Buffer.from("two");
        }
        const response = await client.post("/", { body: pieces() });
        expect(await response.text()).toBe("[one][two]");
      },
    ));

  test("a large answer comes whole, at the client's pace", () => {
    let made = 0;
    return both(
      () => {
        made = 0;
        return new Application().get("/", async function* () {
          for (; made < 200; made++) yield Buffer.alloc(64 * 1024, made);
        } as never);
      },
      async (client) => {
        const response = await client.get("/");
        await sleep(50);
        expect(made).toBeLessThan(100);
        expect((await response.bytes()).length).toBe(200 * 64 * 1024);
      },
    );
  });

  test("cookies are kept, Secure ones too, and redirects are followed", () =>
    both(
      () =>
        new Application()
          .post("/login", (request) => {
            setCookie(request, "session", "7", { secure: true });
            return redirect("/me", { status: 303 });
          })
          .get("/me", (request) => request.headers.get("cookie") ?? "nobody"),
      async (client) => {
        expect(await (await client.get("/me")).text()).toBe("nobody");
        expect(await (await client.post("/login")).text()).toBe("session=7");
        expect(await (await client.get("/me")).text()).toBe("session=7");
        expect((await client.post("/login", { redirects: false })).status).toBe(303);
      },
    ));

  test("a coded answer is decoded", () => {
    const long = "lorem ipsum ".repeat(500);
    return both(
      () => new Application().use(compress()).get("/", () => text(long)),
      async (client) => {
        const response = await client.get("/");
        expect(response.headers.get("content-encoding")).toMatch(/^(?:br|gzip)$/);
        expect(await response.text()).toBe(long);
      },
    );
  });

  test("listeners and cleanup contexts run around it", async () => {
    const log: string[] = [];
    await both(
      () =>
        new Application()
          .beforeServerStart(() => void log.push("start"))
          .cleanupContext(async function* () {
            log.push("open");
            yield;
            log.push("close");
          })
          .afterServerStop(() => void log.push("stop"))
          .get("/", () => "ok"),
      async (client) => {
        await client.get("/");
        log.push(client.mode);
      },
    );
    expect(log.join()).toBe("open,start,memory,stop,close,open,start,socket,stop,close");
  });

  describe("what a handler throws", () => {
    class Broken extends Error {}
    const makeApp = (options: ApplicationOptions = {}): Application =>
      new Application({}, options)
        .get("/throws", async () => {
          await sleep(1);
          throw new Broken("in the handler");
        })
        .get("/string", () => {
          // oxlint-disable-next-line typescript/only-throw-error -- a handler may throw what is no Error
          throw "a string";
        })
        .get("/answer", () => {
          throw new HttpError(503, "on purpose");
        })
        .get("/missing", () => {
          throw new NotFound();
        })
        .get("/page", () => new Reply("sorry", { status: 500 }));

    test("is thrown by the request, but for what is meant as an answer", () =>
      both(makeApp, async (client) => {
        await expect(client.get("/throws")).rejects.toThrow(Broken);
        expect(await client.get("/string").catch((error: unknown) => error)).toBe("a string");
        expect((await client.get("/answer")).status).toBe(503);
        expect((await client.get("/missing")).status).toBe(404);
        expect(await (await client.get("/page")).text()).toBe("sorry");
      }));

    test("is a page for who wants to see that", () =>
      both(
        makeApp,
        async (client) => {
          const response = await client.get("/throws");
          expect(response.status).toBe(500);
          expect(await response.text()).not.toContain("in the handler");
        },
        { raiseServerExceptions: false },
      ));

    test("is nothing to see when the application has answered it", () =>
      both(
        () => makeApp().exception(Broken, (error) => json({ was: error.message }, { status: 409 })),
        async (client) => {
          const response = await client.get("/throws");
          expect([response.status, await response.json()]).toEqual([
            409,
            { was: "in the handler" },
          ]);
        },
      ));

    test("in the middle of an answer fails the reading of it", () =>
      both(
        () =>
          new Application().get("/", async function* () {
            yield "begun";
            await sleep(1);
            throw new Broken("in the middle");
          } as never),
        async (client) => {
          const response = await client.get("/");
          await expect(response.text()).rejects.toMatchObject({ name: "ClientPayloadError" });
        },
      ));
  });

  test("who is cancelled, or lets go of an answer, is a client that leaves", async () => {
    const left: string[] = [];
    await both(
      () =>
        new Application()
          .get("/slow", async () => {
            try {
              return await sleep(60_000, "late");
            } finally {
              left.push("slow");
            }
          })
          .get("/endless", async function* () {
            try {
              for (;;) {
                yield "x".repeat(1000);
                await sleep(1);
              }
            } finally {
              left.push("endless");
            }
          } as never),
      async (client) => {
        left.length = 0;
        await expect(timeout(50, () => client.get("/slow"))).rejects.toThrow(TimeoutError);
        while (left.length < 1) await sleep(1);
        const response = await client.get("/endless");
        await response.read();
        response.release();
        while (left.length < 2) await sleep(1);
        expect(left).toEqual(["slow", "endless"]);
      },
    );
  });

  test("closing it stops what is under way", async () => {
    const ended: string[] = [];
    await both(
      () =>
        new Application().get("/", async () => {
          try {
            return await sleep(60_000, "late");
          } finally {
            ended.push("ended");
          }
        }),
      async (client) => {
        const pending = createTask(() => client.get("/"));
        await sleep(20);
        await client.close();
        await client.close();
        await expect(pending).rejects.toThrow(/closed/);
      },
    );
    expect(ended).toEqual(["ended", "ended"]);
  });

  test("its headers, its middlewares and its base are the session's", () =>
    both(
      () => new Application().get("/", (request) => request.headers.get("x-own") ?? ""),
      async (client) => {
        expect(await (await client.get("/")).text()).toBe("1!");
        expect(await (await client.get(`${client.baseUrl}?x`)).text()).toBe("1!");
      },
      {
        session: {
          headers: { "x-own": "1" },
          middlewares: [
            (request, next) => {
              request.headers.set("x-own", `${request.headers.get("x-own")}!`);
              return next(request);
            },
          ],
        },
      },
    ));

  test("a test that fails says how", () =>
    run(async () => {
      const failing = inBothModes(
        () => new Application(),
        (client) => {
          if (client.mode === "socket") throw new Error("no");
        },
      );
      await expect(failing).rejects.toThrow("with a client in mode socket: no");
    }));
});

describe("in memory", () => {
  test("time is virtual", () =>
    runVirtual(async () => {
      const app = new Application({}, { timeout: Infinity }).get("/", async () => {
        await sleep(3_600_000);
        return "an hour later";
      });
      await using client = await testClient(app);
      const before = getRunningLoop().time();
      expect(await (await client.get("/")).text()).toBe("an hour later");
      expect(getRunningLoop().time() - before).toBe(3_600_000);
    }));

  test("an upload that takes its time does, too", () =>
    runVirtual(async () => {
      const app = new Application().post("/", async (request) => {
        const pieces: string[] = [];
        for await (const piece of request.body) pieces.push(Buffer.from(piece).toString());
        return pieces;
      });
      await using client = await testClient(app);
      async function* slow() {
        for (const word of ["a", "b", "c"]) {
          await sleep(10_000);
          yield Buffer.from(word);
        }
      }
      expect(await (await client.post("/", { body: slow() })).json()).toEqual(["a", "b", "c"]);
    }));

  test("a deadline of a route passes", () =>
    runVirtual(async () => {
      const app = new Application().get("/", { timeout: 5000 }, () => sleep(60_000, "late"));
      await using client = await testClient(app);
      expect((await client.get("/")).status).toBe(503);
    }));

  test("a body that fails on its way fails the request", () =>
    runVirtual(async () => {
      const app = new Application().post("/", (request) => request.text());
      await using client = await testClient(app);
      async function* broken() {
        yield Buffer.from("some");
        throw new Error("no more");
      }
      await expect(client.post("/", { body: broken() })).rejects.toMatchObject({
        name: "RequestBodyError",
        sent: 4,
      });
    }));

  test("a body that nobody reads is closed when the answer is there", () =>
    runVirtual(async () => {
      const app = new Application().post("/", () => "enough");
      await using client = await testClient(app);
      const closed = new Event();
      async function* endless() {
        try {
          for (;;) yield Buffer.alloc(1000);
        } finally {
          closed.set();
        }
      }
      expect(await (await client.post("/", { body: endless() })).text()).toBe("enough");
      await closed.wait();
      expect(closed.isSet()).toBe(true);
    }));

  test("a body over the limit is a 413", () =>
    runVirtual(async () => {
      const app = new Application().post("/", { bodyLimit: 10 }, (request) => request.text());
      await using client = await testClient(app);
      expect((await client.post("/", { body: "x".repeat(11) })).status).toBe(413);
      async function* pieces() {
        yield Buffer.alloc(6);
        yield Buffer.alloc(6);
      }
      expect((await client.post("/", { body: pieces() })).status).toBe(413);
    }));

  test("the peer and the base may be of one's own", () =>
    runVirtual(async () => {
      const app = new Application().get("/a", ({ ip, url }) => ({ ip, url: url.href }));
      await using client = await testClient(app, {
        peer: { address: "192.0.2.7" },
        baseUrl: "https://shop.example/",
      });
      expect(await (await client.get("/a")).json()).toEqual({
        ip: "192.0.2.7",
        url: "https://shop.example/a",
      });
      expect(client.baseUrl).toBe("https://shop.example/");
    }));

  test("a cancel at any wait leaves nothing behind", async () => {
    let open = 0;
    const points = await cancelEverywhere(async () => {
      const app = new Application().cleanupContext(async function* () {
        open++;
        try {
          yield;
        } finally {
          open--;
        }
      });
      app.post("/", async (request) => `got ${await request.text()}`);
      try {
        await using client = await testClient(app);
        await (await client.post("/", { body: "x" })).text();
      } finally {
        expect(open).toBe(0);
      }
    });
    expect(points).toBeGreaterThan(5);
  });

  test("closing it stops an answer that nobody reads to its end", () =>
    runVirtual(async () => {
      let ended = false;
      const app = new Application().get("/", async function* () {
        try {
          for (;;) yield "x".repeat(100_000);
        } finally {
          ended = true;
        }
      } as never);
      const client = await testClient(app);
      await client.get("/");
      await client.close();
      expect(ended).toBe(true);
    }));

  test("stopping the application stops what is under way", () =>
    runVirtual(async () => {
      const log: string[] = [];
      const app = new Application().get("/", async () => {
        try {
          return await sleep(60_000, "late");
        } finally {
          log.push("ended");
        }
      });
      await using client = await testClient(app);
      const pending = createTask(() => client.get("/"));
      await sleep(10);
      await client.running.close();
      expect(log).toEqual(["ended"]);
      expect((await pending).status).toBe(503);
    }));

  test("a WebSocket needs a socket", () =>
    runVirtual(async () => {
      await using client = await testClient(new Application());
      await expect(client.webSocket("/")).rejects.toThrow(
        'webSocket on a test client in memory: make it with `mode: "socket"`',
      );
    }));
});

describe("over a socket", () => {
  test("WebSockets are opened", () =>
    run(async () => {
      const app = new Application().webSocket("/echo", async (socket) => {
        for await (const message of socket) await socket.send(message);
      });
      await using client = await testClient(app, { mode: "socket" });
      await using socket = await client.webSocket("/echo");
      await socket.sendStr("hello");
      expect(await socket.receiveStr()).toBe("hello");
    }));

  test("it listens where it is told to", () =>
    run(async () => {
      const app = new Application().get("/", () => "ok");
      await using client = await testClient(app, { mode: "socket", server: { host: "::1" } });
      expect(client.baseUrl).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
      expect(await (await client.get("/")).text()).toBe("ok");
    }));
});

describe("what is refused", () => {
  test("a mode that there isn't, and what is no application", () =>
    runVirtual(async () => {
      await expect(testClient(new Application(), { mode: "udp" as never })).rejects.toThrow(
        "Expected `options.mode` to be `memory` or `socket`, got `'udp'` (string)",
      );
      await expect(testClient({} as Application)).rejects.toThrow(
        "Expected `app` to be an Application",
      );
    }));

  test("what can't be started leaves nothing running", () =>
    runVirtual(async () => {
      const app = new Application();
      await expect(testClient(app, { session: { limit: -1 } })).rejects.toThrow(RangeError);
      await expect(testClient(app, { baseUrl: "ftp://x/" })).rejects.toThrow(RangeError);
      await using client = await testClient(app);
      await expect(testClient(app)).rejects.toThrow("it runs already");
      expect(client).toBeInstanceOf(TestClient);
    }));

  test("there are two modes", () => expect(CLIENT_MODES).toEqual(["memory", "socket"]));
});
