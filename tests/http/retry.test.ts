/*
 * Retries: what is tried again, when, and what is given up.
 *
 * In virtual time, over a transport that answers by a function; but for the last part, over real
 * sockets and in real time, which is about connections.
 */
import { createTask, getRunningLoop, sleep, timeout, TimeoutError } from "ambit";
import {
  CertificateError,
  ClientConnectionError,
  ClientSession,
  ClientTimeoutError,
  ConnectorError,
  DnsError,
  type FailedAttempt,
  type HeaderRecord,
  type RequestOptions,
  type Retry,
  RetryBudget,
  type RetryOptions,
  RetryPolicy,
  SessionClosedError,
  TlsError,
} from "ambit/http";
import { runVirtual } from "ambit/testing";
import { array, assert, constantFrom, double, integer, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { closedPort, hangs, Origin, until } from "./origin.ts";
import { type Scripted, ScriptedTransport } from "./scripted.ts";

const URL_A = "http://a.test/?token=SECRET";
const subject = { method: "GET", url: URL_A };

/** A session whose transport answers with the statuses or errors in turn, then with 200. */
function failing(
  outcomes: readonly (number | Error)[],
  headers: HeaderRecord = {},
): ScriptedTransport {
  return new ScriptedTransport((_, index): Scripted => {
    const outcome = outcomes[index] ?? 200;
    if (typeof outcome === "number") return { status: outcome, headers };
    throw outcome;
  });
}

interface Run {
  readonly outcome: unknown;
  readonly transport: ScriptedTransport;
  /** Virtual milliseconds it took. */
  readonly took: number;
  readonly retries: readonly Retry[];
}

/** One request under a policy that draws the longest pauses. */
async function run(
  transport: ScriptedTransport,
  retry: RetryOptions = {},
  method = "GET",
  options: RequestOptions = {},
): Promise<Run> {
  const retries: Retry[] = [];
  const policy = { random: () => 1, onRetry: (each: Retry) => retries.push(each), ...retry };
  return runVirtual(async () => {
    await using session = new ClientSession({ transport, retry: policy });
    const begin = getRunningLoop().time();
    const outcome = await session.request(method, URL_A, options).then(
      ({ status }) => status,
      (error: unknown) => error,
    );
    return { outcome, transport, took: getRunningLoop().time() - begin, retries };
  });
}

describe("a retry policy", () => {
  test("tries again with growing pauses, until it succeeds", async () => {
    const { outcome, transport, took, retries } = await run(failing([503, 503, 503]), {
      attempts: 5,
      delay: 100,
    });
    expect(outcome).toBe(200);
    expect(transport.seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(retries.map(({ delay }) => delay)).toEqual([100, 200, 400]);
    expect(took).toBe(700);
    expect(transport.released).toBe(3);
  });

  test("gives the last answer, or throws the last error, when its attempts are used up", async () => {
    const answered = await run(failing([503, 500, 502, 504]));
    expect([answered.outcome, answered.transport.seen.length]).toEqual([502, 3]);
    expect(answered.transport.released).toBe(2);
    const errors = [1, 2, 3].map((n) => new ConnectorError(subject, `no ${n}`));
    const failed = await run(failing(errors));
    expect(failed.outcome).toBe(errors[2]);
  });

  test("tells of each retry, without secrets", async () => {
    const error = new DnsError(subject, "host not found");
    const { retries } = await run(failing([429, error]));
    expect(retries).toMatchObject([
      { method: "GET", url: "http://a.test/?token=***", attempt: 1, response: { status: 429 } },
      { attempt: 2, error },
    ]);
  });

  test.each([408, 425, 429, 500, 502, 503, 504])("tries a %i again", async (status) => {
    expect((await run(failing([status]))).outcome).toBe(200);
  });

  test.each([200, 304, 400, 401, 404, 409, 501])("gives a %i to the caller", async (status) => {
    expect((await run(failing([status]))).outcome).toBe(status);
  });

  test("may have statuses of its own", async () => {
    expect((await run(failing([418]), { statuses: [418] })).outcome).toBe(200);
    expect((await run(failing([503]), { statuses: new Set([418]) })).outcome).toBe(503);
  });

  test.each([
    new ClientConnectionError(subject, "x"),
    new DnsError(subject, "x"),
    new ClientTimeoutError(subject, "total", 5),
    new ClientTimeoutError(subject, "socketRead", 5),
  ])("tries again after $name", async (error) => {
    expect((await run(failing([error]))).outcome).toBe(200);
  });

  test.each([
    new TlsError(subject, "x"),
    new CertificateError(subject, "x"),
    new SessionClosedError(subject, "x"),
    new TypeError("a bug"),
    new Error("a middleware's"),
  ])("does not try again after $name", async (error) => {
    expect((await run(failing([error]))).outcome).toBe(error);
  });

  test("asks `retryIf` first, which may leave the decision to the rest", async () => {
    const asked: FailedAttempt[] = [];
    const retryIf = (failed: FailedAttempt): boolean | undefined => {
      asked.push(failed);
      if (failed.error instanceof TypeError) return true;
      return failed.response?.status === 500 ? false : undefined;
    };
    const bug = new TypeError("a bug");
    expect((await run(failing([bug, 503]), { retryIf })).outcome).toBe(200);
    expect((await run(failing([500]), { retryIf })).outcome).toBe(500);
    expect(asked.map(({ attempt }) => attempt)).toEqual([1, 2, 1]);
  });
});

describe("a method", () => {
  test.each(["DELETE", "GET", "HEAD", "OPTIONS", "PUT"])("%s is tried again", async (method) => {
    expect((await run(failing([503]), {}, method)).outcome).toBe(200);
  });

  test.each(["POST", "PATCH", "LOCK"])("%s is not, as it may have been done", async (method) => {
    expect((await run(failing([503]), {}, method)).outcome).toBe(503);
    const cut = new ClientConnectionError(subject, "reset");
    expect((await run(failing([cut]), {}, method)).outcome).toBe(cut);
  });

  test("is whatever it is when no connection was made: nothing was done", async () => {
    const unsent = [
      new ConnectorError(subject, "refused"),
      new ClientTimeoutError(subject, "connect", 5),
      new ClientTimeoutError(subject, "socketConnect", 5),
    ];
    expect((await run(failing(unsent), { attempts: 4 }, "POST", { body: "x" })).outcome).toBe(200);
    const late = new ClientTimeoutError(subject, "total", 5);
    expect((await run(failing([late]), {}, "POST")).outcome).toBe(late);
  });

  test("may be named, or be made safe by an idempotency key", async () => {
    expect((await run(failing([503]), { methods: ["POST"] }, "POST")).outcome).toBe(200);
    expect((await run(failing([503]), { methods: ["POST"] }, "GET")).outcome).toBe(503);
    const headers = { "Idempotency-Key": "8e03978e" };
    expect((await run(failing([503]), {}, "POST", { headers })).outcome).toBe(200);
  });

  test("with a body that cannot be sent again is not", async () => {
    async function* body(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
    }
    expect((await run(failing([503]), {}, "PUT", { body: body() })).outcome).toBe(503);
    const again = await run(failing([503]), {}, "PUT", { body: "x" });
    expect(again.transport.seen.map((seen) => seen.body)).toEqual(["x", "x"]);
  });
});

describe("Retry-After", () => {
  test("as seconds is waited for, and a part of the usual pause on top", async () => {
    const { outcome, took } = await run(failing([429], { "retry-after": "7" }), { delay: 100 });
    expect([outcome, took]).toEqual([200, 7100]);
  });

  test("as a date is waited for", async () => {
    const took = await runVirtual(async () => {
      const date = new Date(getRunningLoop().wallTime() + 5000);
      date.setMilliseconds(0);
      const transport = failing([503], { "retry-after": date.toUTCString() });
      await using session = new ClientSession({ transport, retry: { delay: 0 } });
      const begin = getRunningLoop().wallTime();
      expect((await session.get(URL_A)).status).toBe(200);
      return getRunningLoop().wallTime() - begin;
    });
    expect(took).toBeGreaterThan(3999);
    expect(took).toBeLessThan(5001);
  });

  test("that asks for longer than is allowed gives the answer to the caller", async () => {
    const { outcome, took, transport } = await run(failing([429], { "retry-after": "61" }));
    expect([outcome, took, transport.seen.length]).toEqual([429, 0, 1]);
    const patient = await run(failing([429], { "retry-after": "61" }), {
      maxRetryAfter: Infinity,
      delay: 0,
    });
    expect([patient.outcome, patient.took]).toEqual([200, 61_000]);
  });
});

describe("a pause", () => {
  test("is drawn from all of 0 to its longest, which grows up to a cap", () => {
    const request = { method: "GET", url: URL_A, replayable: true, keyed: false };
    assert(
      property(
        integer({ min: 1, max: 2000 }),
        double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (attempt, drawn) => {
          const policy = new RetryPolicy({
            attempts: Infinity,
            delay: 100,
            maxDelay: 5000,
            random: () => drawn,
          });
          const error = new ConnectorError(subject, "x");
          const pause = policy.pause(request, { ...subject, attempt, error }, 0);
          expect(pause).toBeCloseTo(drawn * Math.min(100 * 2 ** (attempt - 1), 5000), 6);
        },
      ),
    );
  });

  test("ends with a cancel, and nothing is tried again", async () => {
    await runVirtual(async () => {
      const transport = failing([503]);
      await using session = new ClientSession({ transport, retry: { random: () => 1 } });
      const error = await timeout(50, () => session.get(URL_A)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TimeoutError);
      await sleep(10_000);
      expect(transport.seen).toHaveLength(1);
    });
  });

  test("ends with the session", async () => {
    await runVirtual(async () => {
      const transport = failing([503]);
      const session = new ClientSession({ transport, retry: { random: () => 1 } });
      const work = session.get(URL_A).catch((error: unknown) => error);
      await sleep(10);
      await session.close();
      expect(await work).toBeInstanceOf(SessionClosedError);
      expect(transport.seen).toHaveLength(1);
    });
  });

  test("ends with the signal, with its reason", async () => {
    await runVirtual(async () => {
      const controller = new AbortController();
      const why = new Error("enough");
      await using session = new ClientSession({
        transport: failing([503]),
        retry: { random: () => 1 },
      });
      const { signal } = controller;
      const work = session.get(URL_A, { signal }).catch((error: unknown) => error);
      await sleep(10);
      controller.abort(why);
      expect(await work).toBe(why);
    });
  });
});

describe("a cancel", () => {
  test("is never tried again, even if a middleware makes another error of it", async () => {
    await runVirtual(async () => {
      let calls = 0;
      await using session = new ClientSession({
        transport: new ScriptedTransport(async () => {
          calls++;
          await sleep(100);
          return {};
        }),
        retry: 5,
        middlewares: [
          (request, next) =>
            next(request).catch(() => {
              throw new ConnectorError(subject, "disguised");
            }),
        ],
      });
      const error = await timeout(50, () => session.get(URL_A)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      await sleep(10_000);
      expect(calls).toBe(1);
    });
  });
});

describe("a budget", () => {
  test("bounds the retries of all requests together to a share of them", async () => {
    await runVirtual(async () => {
      const transport = new ScriptedTransport(() => ({ status: 503 }));
      const budget = new RetryBudget({ share: 0.1, reserve: 5 });
      const retry = new RetryPolicy({ attempts: 10, delay: 1, budget });
      await using session = new ClientSession({ transport, retry });
      await Promise.all(Array.from({ length: 100 }, () => session.get(URL_A)));
      // The reserve is full at the beginning, so what the first requests put in is lost.
      expect(transport.seen.length - 100).toBeGreaterThanOrEqual(5);
      expect(transport.seen.length - 100).toBeLessThanOrEqual(15);
    });
  });

  test("is there by default, and may be left out", async () => {
    await runVirtual(async () => {
      const send = async (retry: RetryOptions): Promise<number> => {
        const transport = new ScriptedTransport(() => ({ status: 503 }));
        await using session = new ClientSession({ transport, retry });
        for (let i = 0; i < 50; i++) await session.get(URL_A);
        return transport.seen.length - 50;
      };
      expect(await send({ attempts: 2, delay: 1, budget: null })).toBe(50);
      const bounded = await send({ attempts: 2, delay: 1 });
      expect(bounded).toBeGreaterThanOrEqual(10);
      expect(bounded).toBeLessThanOrEqual(20);
    });
  });

  test("never gives more than its share and its reserve", () => {
    assert(
      property(array(constantFrom("deposit", "withdraw")), (steps) => {
        const budget = new RetryBudget({ share: 0.2, reserve: 3 });
        let [requests, retries] = [0, 0];
        for (const step of steps) {
          if (step === "deposit") {
            budget.deposit();
            requests++;
          } else if (budget.withdraw()) retries++;
          expect(retries).toBeLessThanOrEqual(3 + requests * 0.2 + 1e-6);
          expect(budget.balance).toBeGreaterThanOrEqual(0);
          expect(budget.balance).toBeLessThanOrEqual(3);
        }
      }),
    );
  });
});

describe("the option", () => {
  test("of a request goes before that of the session", async () => {
    await runVirtual(async () => {
      const transport = failing([503, 503, 503]);
      await using session = new ClientSession({ transport, retry: 2 });
      expect((await session.get(URL_A, { retry: null })).status).toBe(503);
      expect((await session.get(URL_A, { retry: 3 })).status).toBe(200);
    });
  });

  test.each([
    [{ attempts: 0 }, "Expected `options.attempts` to be an integer of at least 1, got `0`"],
    [{ delay: -1 }, "Expected `options.delay` to be a number of milliseconds of at least 0"],
    [{ maxDelay: NaN }, "Expected `options.maxDelay` to be a number of milliseconds"],
    [{ maxRetryAfter: "1" }, "Expected `options.maxRetryAfter` to be a number of milliseconds"],
    [{ budget: { share: 2 } }, "Expected `options.share` to be a number from 0 to 1"],
    [{ budget: { reserve: "x" } }, "Expected `options.reserve` to be a number from 0"],
    [{ retryIf: 1 }, "Expected `options.retryIf` to be a function"],
    [{ onRetry: 1 }, "Expected `options.onRetry` to be a function"],
    [{ random: 1 }, "Expected `options.random` to be a function"],
    ["often", "Expected `options.retry` to be a RetryPolicy, its options, or a number of attempts"],
  ])("%o is refused", (retry, message) => {
    expect(() => new ClientSession({ retry: retry as RetryOptions })).toThrow(message);
  });
});

describe("over the network", () => {
  test("a failed attempt gives its connection back, and each has its own timeout", async () => {
    let asked = 0;
    await using origin = await Origin.start((request, answer) => {
      if (++asked === 1) answer.writeHead(503).end("try again");
      else if (asked === 3) answer.end("hello");
    });
    await using session = new ClientSession({
      limit: 1,
      timeout: 60,
      retry: { attempts: 3, delay: 1 },
    });
    expect(await (await session.get(origin.url)).text()).toBe("hello");
    // The second one timed out, which took its connection; the first did not.
    expect([asked, origin.connections]).toEqual([3, 2]);
  });

  test("the error says which attempt it was", async () => {
    await using session = new ClientSession({ retry: { attempts: 3, delay: 1 } });
    const error = await session.get(await closedPort()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "ConnectorError", attempt: 3 });
  });

  test("a cancel in a pause leaves nothing behind", async () => {
    await using origin = await Origin.start((_, answer) => answer.writeHead(503).end("no"));
    await using session = new ClientSession({ retry: { delay: 60_000, random: () => 1 } });
    const task = createTask(() => session.get(origin.url));
    await until(() => origin.seen.length === 1 && session.statistics().open === 0);
    await sleep(5);
    task.cancel();
    await expect((async () => task)()).rejects.toThrow("cancelled");
    expect(origin.seen).toHaveLength(1);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });

  test("a cancel in the second attempt closes it", async () => {
    await using origin = await Origin.start((request, answer) => {
      if (origin.seen.length > 1) hangs({ ...request, url: "/hang" } as never, answer);
      else answer.writeHead(503).end();
    });
    await using session = new ClientSession({ retry: { delay: 1 } });
    const task = createTask(() => session.get(origin.url));
    await until(() => origin.seen.length === 2);
    task.cancel();
    await until(() => origin.aborted.length === 1);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });
});
