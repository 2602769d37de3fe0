/*
 * leakCheck: what a test may leave behind, each found by name. Real handles, for it is those that are looked for; the
 * patience is some milliseconds, and what stays away a little longer than that is the test's own.
 */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { Worker } from "node:worker_threads";
import { createTask, Event, run } from "ambit";
import { leakCheck, LeakError, type LeakOptions } from "ambit/testing";
import { describe, expect, test } from "vitest";

type Callback = () => Promise<void> | void;

/** Begins a check as a setup file does; the function that it gives is the end of the file. */
function watchFile(options: LeakOptions = {}): () => Promise<readonly string[]> {
  let end: Callback = () => {};
  // The runner of these tests sets no timer between two of their lines.
  const how = { patience: 30, runnerTimers: 0, ...options };
  leakCheck({ afterAll: (callback) => void (end = callback) }, how);
  return async () => {
    const error = await Promise.resolve(end()).then(
      () => new LeakError("", [], ""),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(LeakError);
    return (error as LeakError).leaks;
  };
}

describe("is found when it is left behind:", () => {
  test("a pending task, with what it waits for", async () => {
    const leaksAtEnd = watchFile();
    const event = new Event();
    const task = createTask(() => event.wait(), { name: "forgotten" });
    expect(await leaksAtEnd()).toEqual([
      expect.stringMatching(/^<Task pending name='forgotten' .*waitFor=Event.wait>$/),
    ]);
    event.set();
    await task;
  });

  test("a task of a run that never ends, in debug mode with where it was created", async () => {
    const leaksAtEnd = watchFile();
    const event = new Event();
    const running = run(() => event.wait(), { debug: true, name: "program" });
    const leaks = await leaksAtEnd();
    expect(leaks).toHaveLength(3); // the task, and what an outermost run listens to
    expect(leaks[0]).toMatch(/^<Task pending name='program' .*, created at .*leakCheck.test.ts/);
    expect(leaks[1]).toMatch(
      /^a listener for "SIG(INT|TERM)" on process: .* at src\/core\/\w+\.ts:\d+$/,
    );
    event.set();
    await running;
  });

  test("a listener for a signal or an error, with where it is written", async () => {
    const leaksAtEnd = watchFile();
    function onHangUp(): void {}
    process.on("SIGHUP", onHangUp);
    process.on("unhandledRejection", onHangUp);
    expect([...(await leaksAtEnd())].sort()).toEqual([
      expect.stringMatching(
        /^a listener for "SIGHUP" on process: onHangUp at tests\/testing\/leakCheck\.test\.ts:\d+$/,
      ),
      expect.stringMatching(/^a listener for "unhandledRejection" on process: onHangUp/),
    ]);
    process.off("SIGHUP", onHangUp);
    process.off("unhandledRejection", onHangUp);
  });

  test("a listener that took the place of another", async () => {
    const before = (): void => {};
    const after = (): void => {};
    process.on("SIGHUP", before);
    const leaksAtEnd = watchFile();
    process.off("SIGHUP", before).on("SIGHUP", after);
    expect(await leaksAtEnd()).toHaveLength(1);
    process.off("SIGHUP", after);
  });

  test("a timer, with where it was made when that is asked for", async () => {
    const leaksAtEnd = watchFile({ origins: true });
    const timer = setTimeout(() => {}, 60_000);
    expect(await leaksAtEnd()).toEqual([
      expect.stringMatching(/^a timer, made at .*leakCheck\.test\.ts:\d+:\d+\)?$/),
    ]);
    clearTimeout(timer);
  });

  test("a server and both ends of a connection to it", async () => {
    const leaksAtEnd = watchFile();
    const server = createServer(() => {}).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = connect(port, "127.0.0.1");
    const [peer] = (await once(server, "connection")) as [import("node:net").Socket];
    expect(await leaksAtEnd()).toEqual(
      [
        `a server listening on 127.0.0.1:${port}`,
        `a socket from 127.0.0.1:${client.localPort} to 127.0.0.1:${port}`,
        `a socket from 127.0.0.1:${port} to 127.0.0.1:${client.localPort}`,
      ].map((words) => expect.stringContaining(words)),
    );
    client.destroy();
    peer.destroy();
    server.close();
    await once(server, "close");
  });

  test("a server that took the place of another", async () => {
    const old = createServer().listen(0, "127.0.0.1");
    await once(old, "listening");
    const leaksAtEnd = watchFile();
    old.close();
    const fresh = createServer().listen(0, "127.0.0.1");
    await once(fresh, "listening");
    expect(await leaksAtEnd()).toEqual([
      expect.stringContaining("a server listening on 127.0.0.1:"),
    ]);
    fresh.close();
    await once(fresh, "close");
  });

  test("a datagram socket", async () => {
    const leaksAtEnd = watchFile();
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    expect(await leaksAtEnd()).toEqual(["a datagram socket"]);
    socket.close();
    await once(socket, "close");
  });

  test("a child process, with its command", async () => {
    const leaksAtEnd = watchFile();
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    expect(await leaksAtEnd()).toEqual([`a child process (pid ${child.pid}): sleep 60`]);
    child.kill();
    await once(child, "exit");
  });

  test("a child process that does not hold the program", async () => {
    const leaksAtEnd = watchFile();
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    child.unref();
    expect(await leaksAtEnd()).toEqual([
      expect.stringMatching(/^a child process \(pid \d+\), made at .*leakCheck\.test\.ts/),
    ]);
    child.ref();
    child.kill();
    await once(child, "exit");
  });

  test("a worker thread", async () => {
    const leaksAtEnd = watchFile();
    const worker = new Worker("setInterval(() => {}, 1000)", { eval: true });
    expect(await leaksAtEnd()).toEqual([
      expect.stringMatching(/^a worker thread \(\d+\), made at .*leakCheck\.test\.ts/),
    ]);
    await worker.terminate();
  });
});

describe("is no leak:", () => {
  test("what was there before", async () => {
    const event = new Event();
    const task = createTask(() => event.wait());
    const listener = (): void => {};
    process.on("SIGHUP", listener);
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    expect(await watchFile()()).toEqual([]);
    event.set();
    process.off("SIGHUP", listener);
    server.close();
    await Promise.all([task, once(server, "close")]);
  });

  test("what closes within the patience", async () => {
    const leaksAtEnd = watchFile({ patience: 1000 });
    setTimeout(() => {}, 15);
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    setImmediate(() => server.close());
    expect(await leaksAtEnd()).toEqual([]);
  });

  test("timers of the test runner's own, at the first look", async () => {
    const leaksAtEnd = watchFile({ runnerTimers: 10 });
    const timer = setTimeout(() => {}, 60_000);
    expect(await leaksAtEnd()).toEqual([]);
    clearTimeout(timer);
  });
});

test("the message lists all that was left behind, and says how to learn more", async () => {
  let end: Callback = () => {};
  leakCheck({ after: (callback) => void (end = callback) }, { patience: 0, runnerTimers: 0 });
  // Some more than timers of this runner's own may end meanwhile.
  const timers = [1, 2, 3, 4, 5].map(() => setTimeout(() => {}, 60_000));
  await expect(async () => await end()).rejects.toThrow(
    /^left behind by this file:(\n {2}a timer){2,5}\nAMBIT_DEBUG=1 tells where they were made$/,
  );
  for (const timer of timers) clearTimeout(timer);
});

test("with `beforeEach` and `afterEach`, each test is checked for itself", async () => {
  const before: Callback[] = [];
  const after: Callback[] = [];
  leakCheck(
    {
      beforeEach: (callback) => before.push(callback),
      afterEach: (callback) => after.push(callback),
    },
    { patience: 0, runnerTimers: 0 },
  );
  await before[0]?.();
  const timers = [1, 2, 3, 4, 5].map(() => setTimeout(() => {}, 60_000));
  await expect(async () => await after[0]?.()).rejects.toThrow(
    "left behind by this test:\n  a timer",
  );
  await before[0]?.();
  await after[0]?.();
  for (const timer of timers) clearTimeout(timer);
});

test("no hook at all, or half a pair, is refused", () => {
  expect(() => leakCheck({})).toThrow(TypeError);
  expect(() => leakCheck({ beforeEach: () => {} })).toThrow("`hooks`");
});
