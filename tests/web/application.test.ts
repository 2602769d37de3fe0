/**
 * Applications as a whole: what handlers may answer, errors, middlewares, lifecycle, background tasks, signals. In
 * memory; the last part once more over a real socket, for which it needs real time.
 */
import {
  allTasks,
  ContextVar,
  createTask,
  currentTask,
  formatTaskTree,
  getRunningLoop,
  InvalidStateError,
  run,
  sleep,
} from "ambit";
import { runVirtual } from "ambit/testing";
import {
  Application,
  ClientDisconnected,
  Conflict,
  empty,
  html,
  json,
  raw,
  redirect,
  Reply,
  text,
} from "ambit/web";
import { describe, expect, test } from "vitest";
import { collectingErrors } from "../streams/peers.ts";

const ask = (app: Application, path: string, init?: RequestInit): Promise<Response> =>
  app.fetch(new Request(`http://test${path}`, init));

async function answerTo(answer: () => unknown): Promise<[number, string | null, string]> {
  const app = new Application();
  app.get("/", answer as () => string);
  const response = await ask(app, "/");
  return [response.status, response.headers.get("content-type"), await response.text()];
}

describe("a handler's answer", () => {
  class Point {
    readonly x = 1;
    toJSON(): unknown {
      return [this.x];
    }
  }

  test.each<[string, () => unknown, number, string | null, string]>([
    ["text", () => "hello", 200, "text/plain; charset=utf-8", "hello"],
    ["bytes", () => new TextEncoder().encode("b"), 200, "application/octet-stream", "b"],
    ["a buffer", () => new Uint8Array([97]).buffer, 200, "application/octet-stream", "a"],
    ["an object", () => ({ a: 1 }), 200, "application/json", '{"a":1}'],
    ["an array", () => [1, 2], 200, "application/json", "[1,2]"],
    ["an object of a class", () => new Point(), 200, "application/json", "[1]"],
    ["a number", () => 7, 200, "application/json", "7"],
    ["null", () => null, 200, "application/json", "null"],
    ["a Response", () => new Response("r", { status: 202 }), 202, "text/plain;charset=UTF-8", "r"],
    ["a Reply", () => new Reply("r", { status: 201, type: "x/y" }), 201, "x/y", "r"],
    ["json()", () => json([1], { status: 203 }), 203, "application/json", "[1]"],
    ["text()", () => text("t"), 200, "text/plain; charset=utf-8", "t"],
    ["html()", () => html("<p>"), 200, "text/html; charset=utf-8", "<p>"],
    ["raw()", () => raw(Buffer.from("x"), { type: "image/png" }), 200, "image/png", "x"],
    ["empty()", () => empty(), 204, null, ""],
    ["a promise", async () => "later", 200, "text/plain; charset=utf-8", "later"],
    ["a stream", () => new Response("s").body, 200, "application/octet-stream", "s"],
    ["a generator", () => letters(), 200, "application/octet-stream", "abc"],
  ])("may be %s", async (_, answer, status, type, body) => {
    expect(await answerTo(answer)).toEqual([status, type, body]);
  });

  async function* letters(): AsyncGenerator<string> {
    yield "a";
    await sleep(0);
    yield "bc";
  }

  test.each([
    ["undefined", () => undefined, /returned undefined: return text, bytes/],
    ["a function", () => () => 1, /returned a function/],
    ["an error", () => new Error("returned"), /returned an error: throw it/],
    ["a circle", circle, /circular/],
  ])("%s is a mistake of the program: 500, and reported", async (_, answer, message) => {
    await collectingErrors(async (told) => {
      expect((await answerTo(answer))[0]).toBe(500);
      expect(String(told[0]?.exception)).toMatch(message);
      expect(told[0]?.message).toBe("unhandled error in GET /");
    });
  });

  function circle(): object {
    const self: Record<string, unknown> = {};
    self["self"] = self;
    return self;
  }

  test("redirects percent-encode what a header can't carry, once", () => {
    const reply = redirect("/käse?q=a b%20c");
    expect([reply.status, reply.headers.get("location")]).toEqual([302, "/k%C3%A4se?q=a%20b%20c"]);
    expect(() => redirect("/", { status: 200 })).toThrow(/301, 302, 303, 307 or 308, got `200`/);
  });

  test("HEAD has the headers of GET, and no body", async () => {
    const app = new Application();
    app.get("/", () => "hello");
    const response = await ask(app, "/", { method: "HEAD" });
    expect(response.headers.get("content-length")).toBe("5");
    expect(await response.text()).toBe("");
  });

  test("a stream that fails before its first piece is an error page, and later a broken connection", async () => {
    await collectingErrors(async () => {
      const app = new Application();
      app.get("/early", () => failing(0));
      app.get("/late", () => failing(1));
      async function* failing(after: number): AsyncGenerator<string> {
        for (let sent = 0; sent < after; sent++) yield "piece";
        throw new Conflict("no more");
      }
      expect((await ask(app, "/early")).status).toBe(409);
      const late = await ask(app, "/late");
      expect(late.status).toBe(200);
      await expect(late.text()).rejects.toThrow(ClientDisconnected);
    });
  });
});

describe("exceptions", () => {
  class Missing extends Error {}

  test("are answered by the handler for their class", async () => {
    const app = new Application();
    app.exception(Missing, (error, request) =>
      json({ gone: error.message, at: request.path }, { status: 410 }),
    );
    app.get("/", () => {
      throw new Missing("lost");
    });
    const response = await ask(app, "/");
    expect([response.status, await response.json()]).toEqual([410, { gone: "lost", at: "/" }]);
  });

  test("go up through the middlewares first, as exceptions", async () => {
    const seen: string[] = [];
    const app = new Application();
    app.use(async (_request, next) => {
      try {
        return await next();
      } catch (error) {
        seen.push((error as Error).message);
        throw error;
      }
    });
    app.get("/", () => {
      throw new Conflict("taken");
    });
    expect((await ask(app, "/")).status).toBe(409);
    expect((await ask(app, "/nothing")).status).toBe(404);
    expect(seen).toEqual(["taken", "Not Found"]);
  });

  test("of a handler of exceptions become an error page", async () => {
    await collectingErrors(async (told) => {
      const app = new Application();
      app.exception(Missing, () => {
        throw new Error("worse");
      });
      app.get("/", () => {
        throw new Missing("lost");
      });
      expect((await ask(app, "/")).status).toBe(500);
      expect(told).toHaveLength(1);
    });
  });

  test("a CancelledError that no cancel of the request caused is an error of the program", async () => {
    await collectingErrors(async (told) => {
      const app = new Application();
      app.get("/", async () => {
        const task = createTask(() => sleep(60_000, "never"));
        task.cancel();
        return await task;
      });
      expect((await ask(app, "/")).status).toBe(500);
      expect(told).toHaveLength(1);
    });
  });
});

describe("middlewares", () => {
  test("are around every route, the first outermost, and see the reply", async () => {
    const log: string[] = [];
    const app = new Application();
    for (const name of ["outer", "inner"])
      app.use(async (_request, next) => {
        log.push(`${name} in`);
        const reply = await next();
        log.push(`${name} out ${reply.status}`);
        reply.headers.append("x-through", name);
        return reply;
      });
    app.get("/", () => "x");
    const response = await ask(app, "/");
    expect(log).toEqual(["outer in", "inner in", "inner out 200", "outer out 200"]);
    expect(response.headers.get("x-through")).toBe("inner, outer");
  });

  test("add to the request's state, and their headers go onto error pages too", async () => {
    const app = new Application();
    const known = app.use(async (request, next) => {
      request.replyHeaders.set("x-request", "1");
      return next({ user: "ada" });
    });
    known.get("/", (request) => request.state.user);
    const response = await ask(app, "/");
    expect([await response.text(), response.headers.get("x-request")]).toEqual(["ada", "1"]);
    expect((await ask(app, "/nothing")).headers.get("x-request")).toBe("1");
  });

  test("may answer by themselves", async () => {
    const app = new Application();
    app.use(() => text("closed", { status: 503 }));
    app.get("/", () => "open");
    expect((await ask(app, "/")).status).toBe(503);
  });
});

describe("methods", () => {
  const app = new Application();
  app.get("/thing", () => "x").post("/thing", () => "x");

  test("that a path does not have are answered with those that it has", async () => {
    const response = await ask(app, "/thing", { method: "DELETE" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")?.split(", ").sort()).toEqual(["GET", "HEAD", "POST"]);
  });

  test("OPTIONS tells them, without a route", async () => {
    const response = await ask(app, "/thing", { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("allow")).toContain("POST");
    expect((await ask(app, "/nothing", { method: "OPTIONS" })).status).toBe(404);
  });
});

describe("the lifecycle", () => {
  test("enters contexts and calls listeners in order, and leaves them the other way round", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const app = new Application({ name: "state" });
      for (const name of ["a", "b"]) {
        app.cleanupContext(async function* (context) {
          log.push(`open ${name} ${context.state.name}`);
          yield;
          await sleep(1);
          log.push(`close ${name}`);
        });
        app.beforeServerStart(() => void log.push(`before start ${name}`));
        app.afterServerStart(() => void log.push(`after start ${name}`));
        app.beforeServerStop(() => void log.push(`before stop ${name}`));
        app.afterServerStop(() => void log.push(`after stop ${name}`));
      }
      const running = await app.startup();
      await running.drain();
      expect(log).toEqual([
        "open a state",
        "open b state",
        "before start a",
        "before start b",
        "after start a",
        "after start b",
        "before stop b",
        "before stop a",
        "after stop b",
        "after stop a",
        "close b",
        "close a",
      ]);
    });
  });

  test("a failure at the start closes what was opened, and is thrown", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const app = new Application();
      app.cleanupContext(async function* () {
        yield;
        log.push("closed");
      });
      app.beforeServerStart(() => {
        throw new Error("no database");
      });
      await expect(app.startup()).rejects.toThrow("no database");
      expect(log).toEqual(["closed"]);
    });
  });

  test("a cancel of the start undoes it", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const app = new Application();
      app.cleanupContext(async function* () {
        yield;
        log.push("closed");
      });
      app.beforeServerStart(() => sleep(60_000));
      const starting = createTask(() => app.startup());
      await sleep(1);
      starting.cancel();
      await expect(Promise.resolve(starting)).rejects.toThrow("cancelled");
      expect(log).toEqual(["closed"]);
    });
  });

  test.each([
    ["never", async function* () {}, /ended without a yield/],
    [
      "twice",
      async function* () {
        yield;
        yield;
      },
      /has yielded twice/,
    ],
  ])("a context that yields %s is a mistake", async (_, context, message) => {
    await runVirtual(async () => {
      await collectingErrors(async (told) => {
        const app = new Application();
        app.cleanupContext(context);
        const failure = await app.startup().then(
          (running) => running.drain().then(() => told[0]?.exception),
          (error: unknown) => error,
        );
        expect((failure as Error).message).toMatch(message);
      });
    });
  });

  test("fetch of an application that must be started first says so", async () => {
    const app = new Application();
    app.beforeServerStart(() => {});
    app.get("/", () => "");
    expect(() => app.fetch(new Request("http://test/"))).toThrow(/call `await app.startup\(\)`/);
  });

  test("a second start is refused while it runs", async () => {
    await runVirtual(async () => {
      const app = new Application();
      await using running = await app.startup();
      await expect(app.startup()).rejects.toThrow(InvalidStateError);
      expect(running.running).toBe(0);
    });
  });
});

describe("background tasks", () => {
  test("run from the start to the stop, and end before what they use is closed", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const app = new Application();
      app.cleanupContext(async function* () {
        yield;
        log.push("pool closed");
      });
      app.background(
        async () => {
          try {
            for (;;) await sleep(10, log.push("tick"));
          } finally {
            await sleep(5);
            log.push("ticker over");
          }
        },
        { name: "ticker" },
      );
      const running = await app.startup();
      await sleep(25);
      expect(app.tasks().map(({ name }) => name)).toEqual(["ticker"]);
      await running.drain();
      expect(log).toEqual(["tick", "tick", "tick", "ticker over", "pool closed"]);
    });
  });

  test("started by a request go on when it's answered, in the application", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const app = new Application();
      app.post("/mail", ({ app }) => {
        app.addTask(async () => void (await sleep(10, log.push("sent"))), { name: "mail" });
        return "queued";
      });
      await using running = await app.startup();
      expect(await (await ask(app, "/mail", { method: "POST" })).text()).toBe("queued");
      await sleep(1);
      expect(log).toEqual(["sent"]);
      expect(running.running).toBe(0);
    });
  });

  test("are found by name, one a name, and cancelled by it", async () => {
    await runVirtual(async () => {
      const app = new Application();
      await using running = await app.startup();
      const task = app.addTask(() => sleep(60_000), { name: "one" });
      expect(app.getTask("one")).toBe(task);
      expect(() => app.addTask(() => {}, { name: "one" })).toThrow(
        /a task of that name is running/,
      );
      expect([app.cancelTask("one"), app.cancelTask("none")]).toEqual([true, false]);
      await sleep(1);
      expect(task.cancelled()).toBe(true);
      app.addTask(() => {}, { name: "one" });
      await running.drain();
    });
  });

  test("that fail are reported at once", async () => {
    await runVirtual(async () => {
      await collectingErrors(async (told) => {
        const app = new Application();
        await using running = await app.startup();
        app.addTask(() => Promise.reject(new Error("broke")), { name: "fragile" });
        await sleep(1);
        expect(told.map(({ message }) => message)).toEqual([
          "the background task 'fragile' failed",
        ]);
        expect(running.running).toBe(0);
      });
    });
  });
});

describe("signals", () => {
  test("call who listens, side by side, and wake who waits", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const app = new Application();
      app.signal("user.signup", async ({ name }) => {
        await sleep(2);
        log.push(`slow ${String(name)}`);
      });
      app.signal("user.*", (_, name) => void log.push(`any ${name}`));
      app.signal("order.*", () => void log.push("never"));
      const waiting = createTask(() => app.event("user.signup"));
      await sleep(0);
      await app.dispatch("user.signup", { name: "ada" });
      expect(log).toEqual(["any user.signup", "slow ada"]);
      expect(await waiting).toEqual({ name: "ada" });
    });
  });

  test("a failure of who listens is the dispatcher's, and cancels the others", async () => {
    await runVirtual(async () => {
      let ended = false;
      const app = new Application();
      app.signal("x", () => sleep(60_000).finally(() => (ended = true)));
      app.signal("x", () => Promise.reject(new Error("broke")));
      await expect(app.dispatch("x")).rejects.toThrow("broke");
      expect(ended).toBe(true);
    });
  });

  test("a wait for one that is cancelled leaves nothing behind", async () => {
    await runVirtual(async () => {
      const app = new Application();
      const waiting = createTask(() => app.event("x.y"));
      await sleep(0);
      waiting.cancel();
      await sleep(0);
      await app.dispatch("x.y");
      expect(waiting.cancelled()).toBe(true);
    });
  });

  test.each(["", "a..b", "a.", 7])("%s is no name of one", (name) => {
    expect(() => new Application().signal(name as string, () => {})).toThrow(/user\.signup/);
  });
});

describe("tasks", () => {
  test("a request is a task, named after its route, under its connection, server and application", async () => {
    await run(async () => {
      const variable = new ContextVar("variable", { defaultValue: "unset" });
      let tree = "";
      const app = new Application({}, { name: "shop" });
      app.get("/users/:id", () => {
        tree = formatTaskTree();
        return { task: currentTask()?.name, variable: variable.get(), all: allTasks().length };
      });
      variable.set("from the start");
      await using running = await app.start({ port: 0 });
      const response = await fetch(`${running.url}/users/7`);
      expect(await response.json()).toMatchObject({
        task: "GET /users/:id",
        variable: "from the start",
      });
      expect(tree).toContain("GET /users/:id");
    });
  });

  test("an answer in memory is cancelled with who waits for it, and by the request's signal", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const app = new Application();
      app.get("/slow", async () => {
        try {
          await sleep(60_000);
        } finally {
          log.push("over");
        }
        return "";
      });
      const asking = createTask(() => ask(app, "/slow"));
      await sleep(1);
      asking.cancel();
      await sleep(1);
      expect(log).toEqual(["over"]);
      const controller = new AbortController();
      const aborted = ask(app, "/slow", { signal: controller.signal });
      await sleep(1);
      controller.abort();
      await expect(aborted).rejects.toThrow(ClientDisconnected);
      expect(log).toEqual(["over", "over"]);
    });
  });

  test("request.signal is aborted with the request, and made only when asked for", async () => {
    await runVirtual(async () => {
      let signal: AbortSignal | undefined;
      const app = new Application();
      app.get("/", async (request) => {
        ({ signal } = request);
        await sleep(60_000);
        return "";
      });
      const asking = createTask(() => ask(app, "/"));
      await sleep(1);
      expect(signal?.aborted).toBe(false);
      asking.cancel();
      await sleep(1);
      expect(signal?.aborted).toBe(true);
      expect(getRunningLoop().time()).toBeGreaterThan(0);
    });
  });
});

describe("options for all routes, and of one", () => {
  test.each([
    [{ onDisconnect: "ignore" }, '`options.onDisconnect` to be "cancel" or "finish"'],
    [{ timeoutStatus: 500 }, "`options.timeoutStatus` to be 503 or 504"],
    [{ bodyLimit: -1 }, "`options.bodyLimit`"],
    [{ bodyTimeout: "1s" }, "`options.bodyTimeout`"],
    [{ timeout: Number.NaN }, "`options.timeout`"],
  ])("%j are refused at once", (options, message) => {
    expect(() => new Application({}, options as never)).toThrow(message);
    const app = new Application();
    expect(() => app.get("/", options as never, () => "")).toThrow(message);
  });
});
