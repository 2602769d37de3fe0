/**
 * Spans of calls that cross processes over a real Redis, in real time. The workers are `ambit worker`, as it was built.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Event, moveOnAfter, run, sleep } from "ambit";
import { DistributedExecutor } from "ambit/distributed";
import {
  encodeZipkin,
  type FinishedSpan,
  MemoryReporter,
  span,
  startTracing,
  withoutTracing,
} from "ambit/tracing";
import { Application } from "ambit/web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import * as tasks from "./crossingTasks.mjs";
import { checked, type ZipkinSpan } from "./zipkinRules.ts";

const MAIN = join(import.meta.dirname, "../../dist/cli/main.js");
const TASKS = join(import.meta.dirname, "crossingTasks.mjs");
const RESOURCE = { serviceName: "test", attributes: {} };

describe.skipIf(redisMissing() !== null)("calls that cross processes", () => {
  const served = serveRedis();
  const workers: ChildProcess[] = [];
  const received: ZipkinSpan[] = [];
  const zipkin = new Application();
  zipkin.post("/api/v2/spans", async (request) => {
    received.push(...checked(await request.text()));
    return { status: 202 };
  });
  let server: Awaited<ReturnType<typeof zipkin.start>>;

  async function work(queue: string, ...more: string[]): Promise<ChildProcess> {
    const args = ["--redis", served.server.url, "--queue", queue, "--concurrency", "1", ...more];
    const child = spawn(process.execPath, [MAIN, "worker", TASKS, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    workers.push(child);
    await once(child.stdout, "data");
    return child;
  }

  const traced = (queue: string, ...more: string[]): Promise<ChildProcess> =>
    work(queue, "--zipkin", `${server.url}/api/v2/spans`, "--service", queue, ...more);

  beforeAll(async () => {
    server = await zipkin.start({ port: 0 });
    await Promise.all([
      traced("threads"),
      traced("processes", "--processes"),
      traced("inline", "--inline"),
      work("untraced"),
    ]);
  }, 60_000);

  afterAll(async () => {
    for (const worker of workers) worker.kill("SIGTERM");
    const running = workers.filter(({ exitCode }) => exitCode === null);
    await Promise.all(running.map((worker) => once(worker, "exit")));
    expect(workers.map(({ exitCode }) => exitCode)).toEqual(workers.map(() => 0));
    await server.close();
  }, 60_000);

  /** The spans of a trace of this process and of the workers, when there are so many. */
  async function trace(
    count: number,
    queue: string,
    body: (executor: DistributedExecutor) => PromiseLike<unknown>,
  ): Promise<ZipkinSpan[]> {
    const reporter = new MemoryReporter();
    let all: ZipkinSpan[] = [];
    await run(async () => {
      await using _ = startTracing({ serviceName: "test", reporters: [reporter], web: false });
      await using executor = new DistributedExecutor({ redis: served.server.url, queue });
      await span("work", () => body(executor));
      await moveOnAfter(10_000, async () => {
        do {
          await sleep(10);
          all = gathered(reporter.spans, received);
        } while (all.length < count);
      });
    });
    return all;
  }

  test("in threads: one trace, from the submitter over its worker to what the function does", async () => {
    const spans = await trace(5, "threads", async (executor) => {
      expect(await executor.submit(tasks.add, 1, 2)).toBe(3);
    });
    expect(pathsOf(spans)).toEqual([
      "test: work",
      "test: work > submit cross.add",
      "threads: work > submit cross.add > run cross.add",
      "threads: work > submit cross.add > run cross.add > call cross.add",
      "threads: work > submit cross.add > run cross.add > call cross.add > add up",
    ]);
    const submitted = spans.find(({ name }) => name === "submit cross.add");
    const ran = spans.find(({ name }) => name === "run cross.add");
    expect([submitted?.kind, ran?.kind]).toEqual(["PRODUCER", "CONSUMER"]);
    const { hostname, port } = new URL(served.server.url);
    expect(submitted?.tags).toEqual({
      "messaging.system": "bullmq",
      "messaging.operation.name": "submit",
      "messaging.operation.type": "send",
      "messaging.destination.name": "threads",
      "messaging.message.id": ran?.tags?.["messaging.message.id"],
      "code.function.name": "cross.add",
      "server.address": hostname,
      "server.port": port,
    });
    expect(ran?.tags).toMatchObject({
      "messaging.operation.name": "run",
      "messaging.operation.type": "process",
      "messaging.destination.name": "threads",
    });
    expect(Number(ran?.tags?.["ambit.executor.wait_ms"])).toBeGreaterThanOrEqual(0);
  });

  test("in processes and inline it is the same trace", async () => {
    const inProcesses = await trace(5, "processes", (executor) => executor.submit(tasks.add, 1, 2));
    expect(pathsOf(inProcesses).at(-1)).toBe(
      "processes: work > submit cross.add > run cross.add > call cross.add > add up",
    );
    const inline = await trace(4, "inline", (executor) => executor.submit(tasks.add, 1, 2));
    expect(pathsOf(inline).at(-1)).toBe("inline: work > submit cross.add > run cross.add > add up");
  });

  test("an error is on both sides' spans", async () => {
    const spans = await trace(4, "threads", (executor) =>
      expect(executor.submit(tasks.fail)).rejects.toThrow("too far"),
    );
    expect(
      spans.filter(({ tags }) => tags?.["error"] === "too far").map(({ name }) => name),
    ).toEqual(["submit cross.fail", "run cross.fail", "call cross.fail"]);
  });

  test("each attempt has a span below the same submission", async () => {
    const spans = await trace(6, "threads", (executor) =>
      executor.with({ attempts: 2 }).submit(tasks.flaky),
    );
    const runs = spans.filter(({ name }) => name === "run cross.flaky");
    expect(runs.map(({ tags }) => [tags?.["ambit.executor.attempt"], tags?.["error"]])).toEqual([
      [undefined, "not yet"],
      ["2", undefined],
    ]);
    expect(new Set(runs.map(({ parentId }) => parentId)).size).toBe(1);
  });

  test("a cancel is noted on both sides, and is no error", async () => {
    const spans = await trace(4, "threads", async (executor) => {
      const begun = new Event();
      const call = executor.with({ onProgress: () => begun.set() }).submit(tasks.slow, 60_000);
      await begun.wait();
      call.cancel("enough");
      await expect(call).rejects.toThrow("enough");
    });
    const names = spans
      .filter(({ tags }) => tags?.["ambit.cancelled"] === "true")
      .map(({ name }) => name);
    expect(names).toContain("submit cross.slow");
    expect(names).toContain("run cross.slow");
    expect(spans.every(({ tags }) => tags?.["error"] === undefined)).toBe(true);
  });

  test("a worker that is not traced passes the trace on: to its functions, and to other workers", async () => {
    const spans = await trace(5, "untraced", async (executor) => {
      expect(await executor.submit(tasks.headers)).toMatchObject({
        traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
      });
      await executor.submit(tasks.relay, { redis: served.server.url, queue: "inline" });
    });
    expect(pathsOf(spans)).toEqual([
      "test: work",
      "test: work > submit cross.headers",
      "test: work > submit cross.relay",
      "inline: work > submit cross.relay > run cross.add",
      "inline: work > submit cross.relay > run cross.add > add up",
    ]);
  });

  test("a call that brings no trace begins one on a traced worker; what is not to be traced is not", async () => {
    const before = received.length;
    await run(async () => {
      await using executor = new DistributedExecutor({ redis: served.server.url, queue: "inline" });
      await withoutTracing(() => executor.submit(tasks.add, 1, 2));
      await executor.submit(tasks.slow, 0);
      await moveOnAfter(10_000, async () => {
        while (received.length === before) await sleep(10);
      });
    });
    expect(received.slice(before).map(({ name, parentId }) => [name, parentId])).toEqual([
      ["run cross.slow", undefined],
    ]);
  });
});

/** All spans of the one trace that this process has made. */
function gathered(ours: readonly FinishedSpan[], theirs: readonly ZipkinSpan[]): ZipkinSpan[] {
  const own = checked(encodeZipkin(ours, RESOURCE));
  const ids = new Set(own.map(({ traceId }) => traceId));
  expect(ids.size).toBe(1);
  return [...own, ...theirs.filter(({ traceId }) => ids.has(traceId))].sort(
    (a, b) => depthIn(a) - depthIn(b) || a.timestamp - b.timestamp,
  );
  function depthIn({ parentId }: ZipkinSpan): number {
    const all = [...own, ...theirs];
    const parent = all.find(({ id }) => id === parentId);
    return parent === undefined ? 0 : depthIn(parent) + 1;
  }
}

/** Each span's service, and the names from the root to it. */
function pathsOf(spans: readonly ZipkinSpan[]): string[] {
  const pathOf = ({ name, parentId }: ZipkinSpan): string => {
    const parent = spans.find(({ id }) => id === parentId);
    return parent === undefined ? name : `${pathOf(parent)} > ${name}`;
  };
  return spans.map((each) => `${each.localEndpoint.serviceName}: ${pathOf(each)}`);
}
