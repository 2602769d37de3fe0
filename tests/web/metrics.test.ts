/**
 * Counts, as Prometheus reads them.
 */
import { createTask, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { type AnswerRecord, Metrics } from "ambit/web";
import { describe, expect, test } from "vitest";
import { fakeRequest } from "./fakeExchange.ts";
import { through } from "./through.ts";

type Over = Partial<Omit<AnswerRecord, "request">> & { method?: string; route?: string | null };

function record({ method = "GET", route = "/users/:id", ...over }: Over = {}): AnswerRecord {
  const request = fakeRequest({ method, target: "/users/7" });
  request.route = route === null ? null : { path: route, method, options: {} };
  return { request, status: 200, bytes: 10, milliseconds: 20, outcome: "finished", ...over };
}

/** The samples: names with labels, and their values. */
function samples(metrics: Metrics): Map<string, number> {
  const lines = metrics
    .text()
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.replace(/ [^ ]+$/, ""), Number(line.split(" ").at(-1))]),
  );
}

describe("Metrics", () => {
  test("counts by method, route, status and outcome", () => {
    const metrics = new Metrics();
    for (let n = 0; n < 3; n++) metrics.listener(record());
    metrics.listener(record({ status: 0, outcome: "disconnected", bytes: 0 }));
    metrics.listener(record({ method: "POST", route: "/x", status: 503, outcome: "timed out" }));
    const seen = samples(metrics);
    const counted = [...seen].filter(([name]) => name.startsWith("http_requests_total"));
    expect(counted).toEqual([
      ['http_requests_total{method="GET",route="/users/:id",status="200",outcome="finished"}', 3],
      ['http_requests_total{method="GET",route="/users/:id",status="0",outcome="disconnected"}', 1],
      ['http_requests_total{method="POST",route="/x",status="503",outcome="timed out"}', 1],
    ]);
    const bytes = 'http_response_body_bytes_total{method="GET",route="/users/:id"}';
    expect(seen.get(bytes)).toBe(30);
  });

  test("buckets hold all that was no longer, in seconds", () => {
    const metrics = new Metrics({ buckets: [10, 100] });
    for (const milliseconds of [1, 10, 10.5, 99, 1000]) metrics.listener(record({ milliseconds }));
    const labels = 'method="GET",route="/users/:id"';
    const all = Object.fromEntries(
      [...samples(metrics)].filter(([name]) => name.startsWith("http_request_duration")),
    );
    expect(all).toEqual({
      [`http_request_duration_seconds_bucket{${labels},le="0.01"}`]: 2,
      [`http_request_duration_seconds_bucket{${labels},le="0.1"}`]: 4,
      [`http_request_duration_seconds_bucket{${labels},le="+Inf"}`]: 5,
      [`http_request_duration_seconds_sum{${labels}}`]: expect.closeTo(1.1205) as number,
      [`http_request_duration_seconds_count{${labels}}`]: 5,
    });
  });

  test("what clients make up makes no series", () => {
    const metrics = new Metrics();
    for (let n = 0; n < 100; n++)
      metrics.listener(record({ method: `X${n}`, route: null, status: 404 }));
    const names = [...samples(metrics).keys()].filter((name) => name.includes("_total"));
    expect(names).toEqual([
      'http_requests_total{method="other",route="none",status="404",outcome="finished"}',
      'http_response_body_bytes_total{method="other",route="none"}',
    ]);
  });

  test("labels are escaped", () => {
    const metrics = new Metrics();
    metrics.listener(record({ route: '/a"b\\c\n' }));
    expect(metrics.text()).toContain('route="/a\\"b\\\\c\\n"');
  });

  test("knows how many are being handled, also when they fail", () =>
    runVirtual(async () => {
      const metrics = new Metrics({ prefix: "app" });
      const inFlight = (): number | undefined => samples(metrics).get("app_requests_in_flight");
      const slow = createTask(() => through(metrics.middleware, {}, () => sleep(10, "x")));
      const failing = createTask(() =>
        through(metrics.middleware, {}, async () => {
          await sleep(5);
          throw new Error("bug");
        }),
      );
      await sleep(1);
      expect(inFlight()).toBe(2);
      await failing;
      expect(inFlight()).toBe(1);
      await slow;
      expect(inFlight()).toBe(0);
    }));

  test("is shown as text of its own type, kept by no cache", async () => {
    const metrics = new Metrics();
    const { text, header } = await through([], {}, metrics.handler as never);
    expect(header("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(header("cache-control")).toBe("no-store");
    expect(text).toBe(metrics.text());
    for (const name of ["requests_total", "response_body_bytes_total", "request_duration_seconds"])
      expect(text).toMatch(new RegExp(`# HELP http_${name} .+\n# TYPE http_${name} `));
    expect(text.endsWith("http_requests_in_flight 0\n")).toBe(true);
  });

  test.each([
    [{ prefix: "a b" }, "Expected `options.prefix`"],
    [{ buckets: [5, 5] }, "Expected `options.buckets`"],
    [{ buckets: [0, 5] }, "Expected `options.buckets`"],
  ])("%j is refused", (options, message) => {
    expect(() => new Metrics(options)).toThrow(message);
  });
});
