/**
 * Middlewares in a whole application, over a real socket and in memory alike: that hooks are called and headers are sent
 * is a matter of both ends. Real time: there is a socket.
 */
import { Event, getRunningLoop, run, sleep } from "ambit";
import {
  type AnswerRecord,
  accessLog,
  Application,
  basicAuth,
  concurrencyLimit,
  cors,
  csrf,
  json,
  Metrics,
  rateLimit,
  requestId,
  securityHeaders,
  serverTiming,
  sessions,
} from "ambit/web";
import { expect, test } from "vitest";

type Send = (path: string, init?: RequestInit) => Promise<Response>;

/** Runs the body against the application in memory, then over a socket. */
async function twice(make: () => Application, body: (send: Send) => Promise<void>): Promise<void> {
  await run(async () => {
    const app = make();
    await body((path, init) => app.fetch(new Request(`http://localhost${path}`, init)));
  });
  await run(async () => {
    await using server = await make().start({ port: 0 });
    await body((path, init) => fetch(server.url + path, init));
  });
}

const keys = "a secret of at least thirty-two bytes";

/** Everything around everything. */
function secureApp(): Application {
  const app = new Application();
  app
    .use(requestId())
    .use(serverTiming())
    .use(securityHeaders())
    .use(cors({ origins: ["https://app.example"], credentials: true }))
    .use(csrf({ trustedOrigins: ["https://app.example"] }))
    .use(rateLimit({ limit: 1000 }))
    .use(concurrencyLimit({ limit: 10, queue: 10 }))
    .use(sessions({ keys, initial: () => ({ visits: 0 }) }))
    .get("/visits", ({ state }) => json({ visits: ++state.session.data.visits }))
    .post("/visits", ({ state }) => {
      state.session.destroy();
      return json("gone");
    });
  return app;
}

test("all of them work together, and each header arrives", () =>
  twice(secureApp, async (send) => {
    const first = await send("/visits", { headers: { origin: "https://app.example" } });
    expect(await first.json()).toEqual({ visits: 1 });
    const cookie = (first.headers.getSetCookie()[0] as string).split(";", 1)[0] as string;
    expect(first.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(first.headers.get("vary")).toBe("Origin, Cookie");
    expect(first.headers.get("cache-control")).toBe("private, no-cache");
    for (const name of ["x-request-id", "server-timing", "content-security-policy", "ratelimit"])
      expect(first.headers.has(name), name).toBe(true);
    const second = await send("/visits", { headers: { cookie } });
    expect(await second.json()).toEqual({ visits: 2 });
    const ended = await send("/visits", { method: "POST", headers: { cookie } });
    expect(ended.headers.getSetCookie()[0]).toMatch(/^session=; Path=\/; Max-Age=0/);
  }));

test("what is refused, not found or not allowed has the headers, too", () =>
  twice(secureApp, async (send) => {
    const headers = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    const refused = await send("/visits", { method: "POST", headers });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([
      403,
      null,
    ]);
    const missing = await send("/nothing", { headers: { origin: "https://app.example" } });
    expect(missing.status).toBe(404);
    expect(missing.headers.get("access-control-allow-origin")).toBe("https://app.example");
    const wrong = await send("/visits", { method: "DELETE" });
    expect([wrong.status, wrong.headers.has("allow")]).toEqual([405, true]);
    for (const answer of [refused, missing, wrong])
      expect(answer.headers.has("content-security-policy")).toBe(true);
  }));

test("a preflight is answered for routes that have no OPTIONS, in an application and in a blueprint", () =>
  twice(secureApp, async (send) => {
    const headers = {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const { status, headers: answered } = await send("/visits", { method: "OPTIONS", headers });
    expect(status).toBe(204);
    expect(answered.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answered.get("access-control-allow-headers")).toBe("content-type");
    const evil = { ...headers, origin: "https://evil.example" };
    expect((await send("/visits", { method: "OPTIONS", headers: evil })).status).toBe(403);
  }));

test("authentication stands before a handler, and asks in the answer", () =>
  twice(
    () => {
      const app = new Application();
      app.use(basicAuth({ users: { ada: "x" } })).get("/", ({ state }) => state.user);
      return app;
    },
    async (send) => {
      const refused = await send("/");
      expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
        401,
        'Basic realm="restricted", charset="UTF-8"',
      ]);
      const headers = { authorization: `Basic ${Buffer.from("ada:x").toString("base64")}` };
      expect(await (await send("/", { headers })).text()).toBe("ada");
    },
  ));

async function* broken(): AsyncGenerator<string> {
  yield "one";
  await sleep(1);
  throw new Error("in the middle");
}

/** An application whose records are kept, and what tells when each is there. */
function recorded(): { app: Application; records: AnswerRecord[]; metrics: Metrics; told: Event } {
  const app = new Application();
  const records: AnswerRecord[] = [];
  const told = new Event();
  const metrics = new Metrics();
  app.use(metrics.middleware);
  app.onAnswer(metrics.listener);
  app.onAnswer((record) => {
    records.push(record);
    told.set();
  });
  app.get("/hello/:name", ({ params }) => `Hello, ${params.name}`);
  app.get("/slow", async () => sleep(60_000, "never"));
  app.get("/late", { timeout: 20 }, async () => sleep(60_000, "never"));
  app.get("/broken", broken);
  app.get("/metrics", metrics.handler);
  return { app, records, metrics, told };
}

test("each exchange is told once it is over, with how it ended", () =>
  run(async () => {
    const { app, records, told } = recorded();
    let lines = "";
    app.onAnswer(accessLog({ output: { write: (text) => (lines += text) } }));
    await using server = await app.start({ port: 0 });
    const next = async (path: string, init?: RequestInit): Promise<AnswerRecord> => {
      told.clear();
      await fetch(server.url + path, init)
        .then((response) => response.text())
        .catch(() => "the client left, or the answer broke off");
      await told.wait();
      return records.at(-1) as AnswerRecord;
    };
    const hello = await next("/hello/Ada");
    expect(hello).toMatchObject({ status: 200, bytes: 10, outcome: "finished" });
    expect([hello.request.path, hello.request.route?.path]).toEqual(["/hello/Ada", "/hello/:name"]);
    expect(await next("/nothing")).toMatchObject({ status: 404, outcome: "finished" });
    const left = await next("/slow", { signal: AbortSignal.timeout(30) });
    expect(left).toMatchObject({ status: 0, bytes: 0, outcome: "disconnected" });
    expect(left.milliseconds).toBeGreaterThan(5);
    expect(await next("/late")).toMatchObject({ status: 503, outcome: "timed out" });
    const reported: unknown[] = [];
    getRunningLoop().setExceptionHandler(({ exception }) => reported.push(exception));
    const error = expect.objectContaining({ message: "in the middle" }) as unknown;
    const aborted = { status: 200, bytes: 3, outcome: "aborted", error };
    expect(await next("/broken")).toMatchObject(aborted);
    getRunningLoop().setExceptionHandler(null);
    expect(reported).toEqual([error]);
    const logged = lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { path: string; status: number });
    expect(logged.map(({ path, status }) => [path, status])).toEqual([
      ["/hello/Ada", 200],
      ["/nothing", 404],
      ["/slow", 0],
      ["/late", 503],
      ["/broken", 200],
    ]);
  }));

test("metrics count what went over the wire, by the route's pattern", () =>
  run(async () => {
    const { app } = recorded();
    await using server = await app.start({ port: 0 });
    for (const name of ["Ada", "Bob"]) await (await fetch(`${server.url}/hello/${name}`)).text();
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toContain(
      'http_requests_total{method="GET",route="/hello/:name",status="200",outcome="finished"} 2',
    );
    expect(text).not.toContain("Ada");
    expect(text).toContain("http_requests_in_flight 1");
  }));

test("behind a trusted proxy the client is the client, over a socket too", () =>
  run(async () => {
    const app = new Application({}, { trustProxy: "loopback" });
    app.use(requestId());
    app.get("/", ({ ip, scheme, host }) => json({ ip, scheme, host }));
    await using server = await app.start({ port: 0 });
    const headers = {
      "x-forwarded-for": "6.6.6.6, 203.0.113.7",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "evil.example",
      "x-request-id": "from-the-proxy",
    };
    const answer = await fetch(server.url, { headers });
    expect(await answer.json()).toEqual({
      ip: "203.0.113.7",
      scheme: "https",
      host: `127.0.0.1:${server.port}`,
    });
    expect(answer.headers.get("x-request-id")).toBe("from-the-proxy");
  }));
