/*
 * Counters that workers share, and the status page that shows them.
 */
import { Application, NotFound, type ServerRequest, sharedCounters, statusPage } from "ambit/web";
import { getRunningLoop, run, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { get, type IncomingMessage, request as ask } from "node:http";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { provideWorkerLink, type WorkerLink, type WorkerReport } from "../../src/web/workerLink.ts";

afterEach(() => provideWorkerLink(null));

const COUNTERS = {
  uptime: 61_000,
  requests: 1200,
  inFlight: 1,
  connections: 2,
  statuses: { "2xx": 1190, "5xx": 10 },
  errors: 10,
  bytesSent: 5_000_000,
  memory: 60_000_000,
  load: 0.25,
  loopLag: 3,
};

/** A supervisor that is none. */
class FakeLink implements WorkerLink {
  readonly worker = 1;
  count: WorkerLink["count"] = null;
  gathered = 0;
  readonly orders: string[] = [];

  gather(): Promise<readonly WorkerReport[]> {
    this.gathered++;
    return Promise.resolve([
      { worker: 1, pid: 11, state: "ready", restarts: 0, counters: { pid: 11, ...COUNTERS } },
      { worker: 2, pid: 12, state: "ready", restarts: 3, counters: { pid: 12, ...COUNTERS } },
      { worker: 3, pid: 13, state: "draining", restarts: 1, counters: null },
    ]);
  }

  order(order: string): Promise<void> {
    this.orders.push(order);
    return Promise.resolve();
  }
}

const everybody = { allow: () => true };

function requestOf(path: string, accept = "*/*", init: RequestInit = {}): Request {
  return new Request(`http://localhost${path}`, { headers: { accept }, ...init });
}

describe("sharedCounters", () => {
  test("counts answers by status, bytes and failures", () =>
    runVirtual(async () => {
      const app = new Application();
      const counters = sharedCounters(app);
      app.get("/", () => "hello");
      app.get("/bad", () => {
        throw new TypeError("a bug");
      });
      getRunningLoop().setExceptionHandler(() => {});
      for (const path of ["/", "/", "/missing", "/bad"]) await app.fetch(requestOf(path));
      const own = await counters.own();
      expect(own).toMatchObject({ pid: process.pid, requests: 4, inFlight: 0 });
      expect(own.errors).toBe(1);
      expect(own.statuses).toMatchObject({ "2xx": 2, "4xx": 1, "5xx": 1 });
      expect(own.bytesSent).toBeGreaterThan(10);
      expect(own.memory).toBeGreaterThan(10_000_000);
    }));

  test("sees this process alone without a supervisor", () =>
    runVirtual(async () => {
      const counters = sharedCounters(new Application());
      expect(await counters.gather()).toMatchObject([
        { worker: 1, pid: process.pid, state: "ready", restarts: 0, counters: { requests: 0 } },
      ]);
      expect(counters.supervised).toBe(false);
      await expect(counters.order("restart")).rejects.toThrow(
        "order of 'restart': run with `ambit serve --workers N`",
      );
    }));

  test("asks the supervisor for all, once a second at most, and not when nobody wants to know", () =>
    runVirtual(async () => {
      const link = new FakeLink();
      provideWorkerLink(link);
      const counters = sharedCounters(new Application());
      expect(link.gathered).toBe(0);
      await Promise.all([counters.gather(), counters.gather()]);
      await counters.gather();
      expect(link.gathered).toBe(1);
      await sleep(1000);
      expect(await counters.gather()).toHaveLength(3);
      expect(link.gathered).toBe(2);
    }));

  test("tells the supervisor what this process has counted", () =>
    runVirtual(async () => {
      const link = new FakeLink();
      provideWorkerLink(link);
      sharedCounters(new Application());
      expect(await link.count?.()).toMatchObject({ pid: process.pid, requests: 0 });
    }));

  test("asks again after a failure", () =>
    runVirtual(async () => {
      const link = new FakeLink();
      provideWorkerLink(link);
      const { gather } = link;
      link.gather = () => Promise.reject(new Error("gone"));
      const counters = sharedCounters(new Application());
      await expect(counters.gather()).rejects.toThrow("gone");
      link.gather = gather;
      expect(await counters.gather()).toHaveLength(3);
    }));
});

describe("statusPage", () => {
  function served(options: Parameters<typeof statusPage>[1]): Application {
    const app = new Application();
    const page = statusPage(sharedCounters(app), options);
    app.get("/status", page);
    app.post("/status", page);
    return app;
  }

  test("answers in JSON with each worker and the total", () =>
    runVirtual(async () => {
      provideWorkerLink(new FakeLink());
      const response = await served(everybody).fetch(requestOf("/status"));
      expect(response.headers.get("cache-control")).toBe("no-store");
      const report = (await response.json()) as Record<string, unknown>;
      expect(report).toMatchObject({
        name: "Application",
        total: { requests: 2400, statuses: { "2xx": 2380, "5xx": 20 }, memory: 120_000_000 },
      });
      expect(report["workers"]).toHaveLength(3);
    }));

  test("answers a browser with a page that asks again by itself, and loads nothing", () =>
    runVirtual(async () => {
      provideWorkerLink(new FakeLink());
      const app = served({ ...everybody, title: "A <b>", refresh: 5000 });
      const response = await app.fetch(requestOf("/status", "text/html,*/*"));
      const page = await response.text();
      expect(page).toContain(`<meta http-equiv="refresh" content="5">`);
      expect(page).toContain("A &lt;b&gt;");
      expect(page).toContain("no answer");
      expect(page).toContain(`<td class="draining">draining</td>`);
      expect(page).toContain("<td>2,400</td>");
      expect(page).not.toMatch(/<script|https?:|<form/);
      expect(response.headers.get("content-security-policy")).toMatch(
        /^default-src 'none'; style-src 'sha256-/,
      );
    }));

  test("takes no orders unless it is asked to", () =>
    runVirtual(async () => {
      const link = new FakeLink();
      provideWorkerLink(link);
      const response = await served(everybody).fetch(order("restart"));
      expect(response.status).toBe(404);
      expect(link.orders).toEqual([]);
    }));

  test("hands orders on, and shows the page again", () =>
    runVirtual(async () => {
      const link = new FakeLink();
      provideWorkerLink(link);
      const app = served({ ...everybody, orders: true });
      const page = await app.fetch(requestOf("/status", "text/html"));
      expect(await page.text()).toContain(`<button name="order" value="restart">`);
      for (const name of ["restart", "more", "fewer"]) {
        const response = await app.fetch(order(name));
        expect([response.status, response.headers.get("location")]).toEqual([303, "/status"]);
      }
      expect(link.orders).toEqual(["restart", "more", "fewer"]);
      expect((await app.fetch(order("explode"))).status).toBe(400);
    }));

  test("takes no order from another site's page", () =>
    runVirtual(async () => {
      const link = new FakeLink();
      provideWorkerLink(link);
      const app = served({ ...everybody, orders: true });
      const response = await app.fetch(order("restart", { "sec-fetch-site": "cross-site" }));
      expect(response.status).toBe(403);
      expect(link.orders).toEqual([]);
    }));

  test("asks `allow`, which may be async", () =>
    runVirtual(async () => {
      const allow = async ({ headers }: ServerRequest): Promise<boolean> => {
        await sleep(5);
        return headers.get("authorization") === "Bearer let-me-in";
      };
      const app = served({ allow });
      expect((await app.fetch(requestOf("/status"))).status).toBe(404);
      const headers = { authorization: "Bearer let-me-in" };
      expect((await app.fetch(new Request("http://localhost/status", { headers }))).status).toBe(
        200,
      );
    }));

  test("does not exist for who is not on this machine, in memory too", () =>
    runVirtual(async () => {
      const response = await served({}).fetch(requestOf("/status"));
      expect(response.status).toBe(new NotFound().status);
    }));

  // A socket, for what is looked at is where a connection comes from.
  test.each([
    [{}, 200],
    [{ host: "localhost" }, 200],
    [{ host: "[::1]:80" }, 200],
    [{ host: "evil.example" }, 404],
    [{ "x-forwarded-for": "127.0.0.1" }, 404],
    [{ forwarded: "for=127.0.0.1" }, 404],
    [{ "x-real-ip": "127.0.0.1" }, 404],
    [{ via: "1.1 proxy" }, 404],
  ] as const)("answers a request from this machine with %j by %i", async (headers, status) => {
    await run(async () => {
      await using server = await served({}).start({ port: 0 });
      const [response] = (await once(
        get(`${server.url}/status`, { headers, agent: false }),
        "response",
      )) as [IncomingMessage];
      response.resume();
      expect(response.statusCode).toBe(status);
    });
  });

  test("counts connections and requests that are under way over a socket", async () => {
    await run(async () => {
      const app = served({});
      const counters = sharedCounters(app);
      app.get("/slow", () => sleep(60_000, "late"));
      await using server = await app.start({ port: 0 });
      const slow = ask(`${server.url}/slow`, { agent: false }).on("error", () => {});
      slow.end();
      while (server.running === 0) await sleep(1);
      expect(await counters.own()).toMatchObject({ inFlight: 1, connections: 1 });
      slow.destroy();
    });
  });

  test("refuses a refresh that is too quick", () => {
    const counters = sharedCounters(new Application());
    expect(() => statusPage(counters, { refresh: 100 })).toThrow(
      "Expected `options.refresh` to be at least 1000, got `100` (number)",
    );
    expect(() => statusPage(counters, { allow: "me" as never })).toThrow(TypeError);
  });
});

function order(name: string, headers: Readonly<Record<string, string>> = {}): Request {
  const body = new URLSearchParams({ order: name });
  return new Request("http://localhost/status", { method: "POST", body, headers });
}
