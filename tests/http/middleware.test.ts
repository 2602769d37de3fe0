/*
 * Middlewares: in which order they run, around what, and what they may do.
 *
 * Without a network; in virtual time where something waits. The recipes of docs/http.md are here, too.
 */
import { CancelledError, createTask, getRunningLoop, Lock, sleep, timeout } from "ambit";
import {
  ClientConnectionError,
  ClientError,
  type ClientResponse,
  ClientSession,
  type Middleware,
  type Transport,
} from "ambit/http";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { isIP } from "node:net";
import { describe, expect, test } from "vitest";
import { Origin } from "./origin.ts";
import { type Scripted, ScriptedTransport } from "./scripted.ts";

const URL_A = "http://a.test/";

/** Writes down when it is entered and left. */
function noting(log: string[], name: string): Middleware {
  return async (request, next) => {
    log.push(`${name} in`);
    try {
      return await next(request);
    } finally {
      log.push(`${name} out`);
    }
  };
}

describe("middlewares", () => {
  test("run from the session's first to the request's last, and back", async () => {
    const log: string[] = [];
    const transport = new ScriptedTransport(() => {
      log.push("sent");
      return {};
    });
    const middlewares = [noting(log, "a"), noting(log, "b")];
    await using session = new ClientSession({ transport, middlewares });
    await session.get(URL_A, { middlewares: [noting(log, "c")] });
    expect(log).toEqual(["a in", "b in", "c in", "sent", "c out", "b out", "a out"]);
  });

  test("run around every redirect and every attempt", async () => {
    const seen: string[] = [];
    const transport = new ScriptedTransport((_, index): Scripted => {
      return [{ status: 302, headers: { location: "/b" } }, { status: 503 }][index] ?? {};
    });
    const middleware: Middleware = (request, next) => {
      seen.push(`${request.url.pathname} hop ${request.hop} attempt ${request.attempt}`);
      return next(request);
    };
    await using session = new ClientSession({
      transport,
      middlewares: [middleware],
      retry: { delay: 0 },
    });
    expect((await session.get(URL_A)).status).toBe(200);
    expect(seen).toEqual(["/ hop 0 attempt 1", "/b hop 1 attempt 1", "/ hop 0 attempt 2"]);
  });

  test("may change the request: method, URL, headers, body", async () => {
    const transport = new ScriptedTransport(() => ({}));
    const middleware: Middleware = (request, next) => {
      request.method = "PUT";
      request.url.searchParams.set("added", "1");
      request.headers.set("x-one", "1");
      request.headers.delete("accept");
      request.body = null;
      return next(request);
    };
    await using session = new ClientSession({ transport, middlewares: [middleware] });
    await session.post(URL_A, { body: "x" });
    expect(transport.seen[0]).toMatchObject({
      what: "PUT http://a.test/?added=1",
      headers: { "x-one": "1", "user-agent": "ambit" },
      body: null,
    });
    expect(transport.seen[0]?.headers).not.toHaveProperty("accept");
  });

  test("may call next again, and change a copy for that", async () => {
    const transport = new ScriptedTransport((_, index) => ({ text: `answer ${index}` }));
    const middleware: Middleware = async (request, next) => {
      const first = await next(request);
      const again = request.clone();
      again.headers.set("x-after", await first.text());
      again.url.pathname = "/again";
      return next(again);
    };
    await using session = new ClientSession({ transport, middlewares: [middleware] });
    expect(await (await session.get(URL_A)).text()).toBe("answer 1");
    expect(transport.whats).toEqual(["GET http://a.test/", "GET http://a.test/again"]);
    expect(transport.seen[1]?.headers["x-after"]).toBe("answer 0");
    expect(transport.seen[0]?.headers).not.toHaveProperty("x-after");
  });

  test("may answer without asking anybody", async () => {
    const transport = new ScriptedTransport(() => ({ text: "kept" }));
    let kept: ClientResponse | null = null;
    const middleware: Middleware = async (request, next) => (kept ??= await next(request));
    await using session = new ClientSession({ transport, middlewares: [middleware] });
    for (let i = 0; i < 3; i++) expect(await (await session.get(URL_A)).text()).toBe("kept");
    expect(transport.seen).toHaveLength(1);
  });

  test("that throw at once are a rejection, which those outside may catch", async () => {
    const transport = new ScriptedTransport(() => ({ text: "second" }));
    const patient: Middleware = async (request, next) => {
      try {
        return await next(request);
      } catch {
        return next(request);
      }
    };
    let calls = 0;
    const throwing: Middleware = (request, next) => {
      if (++calls === 1) throw new RangeError("no");
      return next(request);
    };
    await using session = new ClientSession({ transport, middlewares: [patient, throwing] });
    expect(await (await session.get(URL_A)).text()).toBe("second");
    calls = 0;
    await using strict = new ClientSession({ transport, middlewares: [throwing] });
    await expect(strict.get(URL_A)).rejects.toThrow(new RangeError("no"));
  });

  test("are cancelled like any other code of the task", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const transport = new ScriptedTransport(() => ({}));
      const slow: Middleware = async (request, next) => {
        try {
          await sleep(1000);
          return await next(request);
        } catch (error) {
          log.push(error instanceof CancelledError ? "cancelled" : "failed");
          throw error;
        } finally {
          await sleep(10);
          log.push("cleaned up");
        }
      };
      await using session = new ClientSession({ transport, middlewares: [slow] });
      await expect(timeout(50, () => session.get(URL_A))).rejects.toThrow("timed out after 50 ms");
      expect(log).toEqual(["cancelled", "cleaned up"]);
      expect(transport.seen).toHaveLength(0);
    });
  });

  test("leave nothing behind, wherever a cancel comes", async () => {
    await cancelEverywhere(async () => {
      const transport = new ScriptedTransport(async (_, index) => {
        await sleep(1);
        return [{ status: 302, headers: { location: "/b" } }, { status: 503 }][index] ?? {};
      });
      const waits: Middleware = async (request, next) => {
        await sleep(1);
        const response = await next(request);
        await sleep(1);
        return response;
      };
      await using session = new ClientSession({
        transport,
        middlewares: [waits],
        retry: { delay: 5, random: () => 1 },
      });
      try {
        await session.get(URL_A);
      } finally {
        expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
      }
    });
  });

  test.each([
    ["x", "Expected `options.middlewares` to be an array of functions"],
    [[1], "Expected `options.middlewares[0]` to be a function"],
  ])("cannot be %o", async (middlewares, message) => {
    const options = { middlewares: middlewares as never };
    expect(() => new ClientSession(options)).toThrow(message);
    await using session = new ClientSession();
    await expect(session.get(URL_A, options)).rejects.toThrow(message);
  });
});

describe("a transport", () => {
  test("has the time of the total timeout, redirects included", async () => {
    await runVirtual(async () => {
      const transport = new ScriptedTransport(async (_, index) => {
        await sleep(40);
        return { status: 302, headers: { location: `/${index}` } };
      });
      await using session = new ClientSession({ transport, timeout: 100 });
      const begin = getRunningLoop().time();
      const error = await session.get(URL_A).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "ClientTimeoutError", kind: "total", deadlineMs: 100 });
      expect(getRunningLoop().time() - begin).toBe(100);
      expect(transport.seen).toHaveLength(3);
    });
  });

  test("ends with the session, and is closed with it, once", async () => {
    await runVirtual(async () => {
      const transport = new ScriptedTransport(() => sleep(1000, {}));
      const session = new ClientSession({ transport });
      const work = session.get(URL_A).catch((error: unknown) => error);
      await sleep(1);
      await session.close();
      await session.close();
      expect(await work).toMatchObject({ name: "SessionClosedError" });
      expect(transport.closed).toBe(1);
      await expect(session.get(URL_A)).rejects.toThrow("the session is closed");
    });
  });

  test("ends with the signal of the request", async () => {
    await runVirtual(async () => {
      const controller = new AbortController();
      const transport = new ScriptedTransport(() => sleep(1000, {}));
      await using session = new ClientSession({ transport });
      const { signal } = controller;
      const work = session.get(URL_A, { signal }).catch((error: unknown) => error);
      await sleep(1);
      controller.abort(new Error("enough"));
      expect(await work).toMatchObject({ message: "enough" });
      await expect(session.get(URL_A, { signal })).rejects.toThrow("enough");
      expect(transport.seen).toHaveLength(1);
    });
  });

  test("has that time for the body, too, and the signal and the session end it", async () => {
    /** Answers at once, with a body that takes a second. */
    const slow: Transport = {
      send: async () => ({
        status: 200,
        headers: {},
        body: {
          done: false,
          read: () => sleep(1000, null),
          readAll: () => sleep(1000, new Uint8Array(1)),
          release: () => void released.push(true),
        },
      }),
    };
    const released: boolean[] = [];
    await runVirtual(async () => {
      const session = new ClientSession({ transport: slow, timeout: 300 });
      const patient = await session.get(URL_A, { timeout: 2000 });
      expect((await patient.bytes()).length).toBe(1);
      const hasty = await session.get(URL_A);
      await expect(hasty.bytes()).rejects.toMatchObject({ kind: "total", deadlineMs: 300 });
      await expect(hasty.bytes()).rejects.toMatchObject({ kind: "total" });
      const controller = new AbortController();
      const signalled = await session.get(URL_A, { signal: controller.signal });
      const reading = signalled.body.next().catch((error: unknown) => error);
      await sleep(10);
      controller.abort(new Error("enough"));
      expect(await reading).toMatchObject({ message: "enough" });
      const last = (await session.get(URL_A)).bytes().catch((error: unknown) => error);
      await sleep(10);
      await session.close();
      expect(await last).toMatchObject({ name: "SessionClosedError" });
      expect(released).toHaveLength(3);
    });
  });

  test("that is none is refused", () => {
    expect(() => new ClientSession({ transport: {} as never })).toThrow(
      "Expected `options.transport` to be an object with a function `send`",
    );
  });
});

describe("recipe:", () => {
  test("a log line per request", async () => {
    const lines: string[] = [];
    const logging: Middleware = async (request, next) => {
      const begin = getRunningLoop().time();
      const took = (): string => `${Math.round(getRunningLoop().time() - begin)} ms`;
      const what = `${request.method} ${request.url.host}${request.url.pathname}`;
      try {
        const response = await next(request);
        lines.push(`${what} ${response.status} ${took()}`);
        return response;
      } catch (error) {
        lines.push(`${what} ${(error as Error).name} ${took()}`);
        throw error;
      }
    };
    await runVirtual(async () => {
      const transport = new ScriptedTransport(async (_, index) => {
        await sleep(12);
        if (index > 0) throw new ClientConnectionError({ method: "GET", url: URL_A }, "no");
        return { status: 404 };
      });
      await using session = new ClientSession({ transport, middlewares: [logging] });
      await session.get(`${URL_A}x?token=SECRET`);
      await session.get(URL_A).catch(() => undefined);
    });
    expect(lines).toEqual(["GET a.test/x 404 12 ms", "GET a.test/ ClientConnectionError 12 ms"]);
  });

  test("a token that is renewed once, however many requests find it expired", async () => {
    let valid = "";
    let logins = 0;
    async function login(): Promise<string> {
      await sleep(5);
      return (valid = `t${++logins}`);
    }
    function refreshing(): Middleware {
      const lock = new Lock();
      let token = "";
      const renewed = (old: string): Promise<string> =>
        lock.run(async () => (token = token === old ? await login() : token));
      return async (request, next) => {
        const used = token;
        request.headers.set("authorization", `Bearer ${used}`);
        const response = await next(request);
        if (response.status !== 401 || request.body?.replayable === false) return response;
        response.release();
        request.headers.set("authorization", `Bearer ${await renewed(used)}`);
        return next(request);
      };
    }
    await runVirtual(async () => {
      const transport = new ScriptedTransport(async ({ headers }) => {
        await sleep(1);
        return { status: headers["authorization"] === `Bearer ${valid}` ? 200 : 401 };
      });
      await using session = new ClientSession({ transport, middlewares: [refreshing()] });
      for (const expected of [1, 2]) {
        const answers = await Promise.all(Array.from({ length: 10 }, () => session.get(URL_A)));
        expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
        expect(logins).toBe(expected);
        valid = "expired";
      }
      expect(transport.released).toBe(20);
    });
  });

  test("no way into the own network, over redirects either", async () => {
    class ForbiddenHostError extends Error {
      override readonly name = "ForbiddenHostError";
    }
    const forbidden = new Set(["localhost", "127.0.0.1", "169.254.169.254", "[::1]"]);
    const guard: Middleware = async (request, next) => {
      const { hostname } = request.url;
      if (forbidden.has(hostname) || (isIP(hostname) !== 0 && hostname.startsWith("10.")))
        throw new ForbiddenHostError(`requests to ${hostname} are not allowed`);
      return next(request);
    };
    const location = "http://169.254.169.254/latest/meta-data";
    const transport = new ScriptedTransport(() => ({ status: 302, headers: { location } }));
    await using session = new ClientSession({ transport, middlewares: [guard] });
    for (const url of ["http://127.0.0.1/", "http://localhost:8080/", "http://10.1.2.3/"])
      await expect(session.get(url)).rejects.toThrow("not allowed");
    expect(transport.seen).toHaveLength(0);
    const error = await session.get("http://public.test/").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ForbiddenHostError);
    expect(error).not.toBeInstanceOf(ClientError);
    expect(transport.whats).toEqual(["GET http://public.test/"]);
  });
});

test("a middleware over the network sees what goes out, and a cancel in it closes the request", async () => {
  await using origin = await Origin.start((request, answer) =>
    answer.end(request.headers["x-one"]),
  );
  const middleware: Middleware = (request, next) => {
    request.headers.set("X-One", "1");
    return next(request);
  };
  await using session = new ClientSession({ middlewares: [middleware] });
  expect(await (await session.get(origin.url)).text()).toBe("1");
  const task = createTask(() => session.get(origin.url), { eager: true });
  task.cancel();
  await expect((async () => task)()).rejects.toBeInstanceOf(CancelledError);
  expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
});
