/*
 * The supervisor of `ambit serve`: starts, restarts, crashes and the stop of workers that only exist here, in virtual time.
 */
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { createTask, getRunningLoop, sleep, type Task } from "ambit";
import { describe, expect, test } from "vitest";
import { StartFailure } from "../../../src/cli/serve/startFailure.ts";
import { dying, failing, type FakeWorker, FakeService, hanging, ready } from "./fakeWorkers.ts";

/** Runs a service until the body ends, and stops it. */
function serving(service: FakeService, body: (run: Task<void>) => Promise<void>): Promise<void> {
  return runVirtual(async () => {
    const run = createTask(() => service.supervisor.run());
    await body(run);
    service.supervisor.stop(0);
    await run;
    expect(service.alive).toEqual([]);
  });
}

const now = (): number => getRunningLoop().time();

describe("the start", () => {
  test("gives numbers from 1 on, and tells of each that is ready", async () => {
    const service = new FakeService([ready(50), ready(10), ready(30)], { workers: 3 });
    await serving(service, async () => {
      await service.supervisor.started();
      expect(now()).toBe(10);
      await sleep(50);
      expect(service.forked.map(({ worker }) => worker)).toEqual([1, 2, 3]);
      expect(service.of("worker ready")).toMatchObject([{ pid: 101 }, { pid: 102 }, { pid: 100 }]);
    });
  });

  test("fails with the reason of the last when none starts", () =>
    runVirtual(async () => {
      const service = new FakeService([failing("no database")]);
      await expect(service.supervisor.run()).rejects.toThrow(
        new StartFailure(trouble("no database")),
      );
      expect(service.forked).toHaveLength(2);
      expect(service.alive).toEqual([]);
      expect(service.events).toEqual([]);
    }));

  test("goes on when one starts and another does not: that is tried again", async () => {
    const service = new FakeService([failing("busy"), ready(100), ready(10)]);
    await serving(service, async () => {
      await sleep(200);
      expect(service.heard).toEqual(["worker ready", "worker failed", "worker ready"]);
      expect(service.of("worker failed")).toMatchObject([{ worker: 1, line: "busy", next: 0 }]);
      expect(service.alive).toEqual([101, 102]);
    });
  });

  test("fails when a worker is not ready in time, and ends it", () =>
    runVirtual(async () => {
      const service = new FakeService([hanging], { workers: 1 });
      await expect(service.supervisor.run()).rejects.toThrow(
        "it was not ready within 1000 ms (--start-timeout)",
      );
      expect(service.alive).toEqual([]);
    }));

  test("fails when a process ends without a word", () =>
    runVirtual(async () => {
      const service = new FakeService([dying(5, 3)], { workers: 1 });
      await expect(service.supervisor.run()).rejects.toThrow(
        "the process ended with code 3 before it was ready",
      );
    }));

  test("waits for a change instead, when it is told to", async () => {
    const service = new FakeService([failing("typo"), ready(10)], {
      workers: 1,
      waitsForChange: true,
    });
    await serving(service, async () => {
      await sleep(60_000);
      expect(service.of("worker failed")).toMatchObject([{ line: "typo", next: null }]);
      expect(service.forked).toHaveLength(1);
      service.supervisor.restart("a.js changed");
      await sleep(20);
      expect(service.alive).toEqual([101]);
    });
  });
});

describe("a worker that dies", () => {
  test("is replaced at once, under its number", async () => {
    const service = new FakeService([ready(10)]);
    await serving(service, async () => {
      await sleep(100);
      service.forked[1]?.ends({ code: null, signal: "SIGKILL" });
      await sleep(11);
      expect(service.of("worker ended")).toMatchObject([{ worker: 2, how: "SIGKILL", next: 0 }]);
      expect(service.forked[2]).toMatchObject({ worker: 2, alive: true });
    });
  });

  test("again and again makes the next wait twice as long, up to 30 seconds", async () => {
    const service = new FakeService([ready(0)], { workers: 1 });
    await serving(service, async () => {
      for (let crash = 0; crash < 10; crash++) {
        await untilReady(service, crash + 1);
        service.forked.at(-1)?.ends({ code: 1, signal: null });
      }
      const waits = service.of("worker ended").map((each) => "next" in each && each.next);
      expect(waits).toEqual([0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    });
  });

  test("after ten seconds of service is no crash loop", async () => {
    const service = new FakeService([ready(0)], { workers: 1 });
    await serving(service, async () => {
      for (const lifetime of [0, 0, 10_000]) {
        await untilReady(service, service.of("worker ended").length + 1);
        await sleep(lifetime);
        service.forked.at(-1)?.ends({ code: 1, signal: null });
      }
      expect(service.of("worker ended").map((each) => "next" in each && each.next)).toEqual([
        0, 500, 0,
      ]);
    });
  });

  test("leaves the others alone", async () => {
    const service = new FakeService([ready(0)], { workers: 3 });
    await serving(service, async () => {
      await sleep(10);
      service.forked[0]?.ends({ code: 1, signal: null });
      await sleep(10);
      expect(service.alive).toEqual([101, 102, 103]);
    });
  });
});

describe("a restart", () => {
  test("starts the successor of each before it lets it go, one after the other", async () => {
    const service = new FakeService([ready(100)]);
    await serving(service, async () => {
      await sleep(150);
      service.supervisor.restart("SIGHUP");
      await sleep(99);
      expect(service.alive).toEqual([100, 101, 102]);
      await sleep(2);
      expect(service.alive).toEqual([101, 102, 103]);
      await sleep(100);
      expect(service.alive).toEqual([102, 103]);
      expect(service.heard.slice(2)).toEqual([
        "restarting",
        "worker ready",
        "worker ready",
        "restarted",
      ]);
    });
  });

  test("tells the old how long it may take, and lets it go when it has answered all", async () => {
    const service = new FakeService([ready(10)], { workers: 1 });
    await serving(service, async () => {
      await sleep(20);
      const [old] = service.forked as [FakeWorker];
      old.drainTime = 300;
      service.supervisor.restart("SIGHUP");
      await sleep(100);
      expect(old.got).toEqual([{ ambit: "drain", timeout: 500, lameDuck: 0, idleGrace: 100 }]);
      expect(old.alive).toBe(true);
      await sleep(250);
      expect(old.got.at(-1)).toEqual({ ambit: "leave" });
      expect(old.alive).toBe(false);
    });
  });

  test("that does not start leaves what is there, and the rest is not tried", async () => {
    const service = new FakeService([ready(10), ready(10), failing("a typo")]);
    await serving(service, async () => {
      await sleep(20);
      service.supervisor.restart("app.js changed");
      await sleep(100);
      expect(service.alive).toEqual([100, 101]);
      expect(service.forked).toHaveLength(3);
      expect(service.of("restart failed")).toMatchObject([{ line: "a typo", serving: true }]);
    });
  });

  test("gives way to a newer one", async () => {
    const service = new FakeService([ready(10), hanging, ready(10)], { workers: 1 });
    await serving(service, async () => {
      await sleep(20);
      service.supervisor.restart("first");
      await sleep(20);
      service.supervisor.restart("second");
      await sleep(50);
      expect(service.alive).toEqual([102]);
      expect(service.of("restarted")).toHaveLength(1);
    });
  });

  test("of a worker that dies meanwhile ends with one in its place", async () => {
    const service = new FakeService([ready(10), ready(50)], { workers: 1 });
    await serving(service, async () => {
      await sleep(20);
      service.supervisor.restart("SIGHUP");
      await sleep(20);
      service.forked[0]?.ends({ code: 1, signal: null });
      await sleep(200);
      expect(service.alive).toHaveLength(1);
    });
  });
});

describe("a worker that wants to be replaced", () => {
  test("serves on until its successor is ready", async () => {
    const service = new FakeService([ready(10), ready(100)], { workers: 1 });
    await serving(service, async () => {
      await sleep(20);
      service.forked[0]?.says({ ambit: "retiring", why: "it has answered 1000 requests" });
      await sleep(99);
      expect(service.forked[0]?.got).toEqual([]);
      await sleep(10);
      expect(service.alive).toEqual([101]);
      expect(service.of("worker ended")).toEqual([]);
    });
  });
});

describe("more and fewer", () => {
  test("make a place, and give up the last", async () => {
    const service = new FakeService([ready(10)]);
    await serving(service, async () => {
      await sleep(20);
      service.supervisor.order("more", "SIGTTIN");
      await sleep(20);
      expect(service.alive).toEqual([100, 101, 102]);
      service.supervisor.order("fewer", "SIGTTOU");
      service.supervisor.order("fewer", "SIGTTOU");
      await sleep(20);
      expect(service.alive).toEqual([100]);
      expect(service.of("scaled").map((each) => "workers" in each && each.workers)).toEqual([
        3, 2, 1,
      ]);
    });
  });

  test("one is the least", async () => {
    const service = new FakeService([ready(10)], { workers: 1 });
    await serving(service, async () => {
      await sleep(20);
      service.supervisor.order("fewer", "SIGTTOU");
      await sleep(20);
      expect(service.alive).toEqual([100]);
    });
  });
});

describe("the end", () => {
  test("tells all to answer what they were asked, after the lame duck's time", async () => {
    const service = new FakeService([ready(10)]);
    await runVirtual(async () => {
      const run = createTask(() => service.supervisor.run());
      await sleep(20);
      service.supervisor.stop(5000);
      await run;
      expect(service.forked.map(({ got }) => got[0])).toEqual([
        { ambit: "drain", timeout: 500, lameDuck: 5000, idleGrace: 100 },
        { ambit: "drain", timeout: 500, lameDuck: 5000, idleGrace: 100 },
      ]);
      expect(service.supervisor.killed).toBe(0);
    });
  });

  test("kills who does not end in time, and says so", async () => {
    const service = new FakeService([ready(10)], { workers: 1 });
    await runVirtual(async () => {
      const run = createTask(() => service.supervisor.run());
      await sleep(20);
      (service.forked[0] as FakeWorker).drainTime = Infinity;
      const begin = now();
      service.supervisor.stop(0);
      await run;
      expect(now() - begin).toBe(2500);
      expect(service.of("worker killed")).toMatchObject([{ pid: 100, after: 2500 }]);
      expect(service.supervisor.killed).toBe(1);
    });
  });

  test("reaches a worker that has not started yet", async () => {
    const service = new FakeService([ready(10), hanging]);
    await serving(service, async () => {
      await sleep(50);
      expect(service.alive).toEqual([100, 101]);
    });
  });

  test("waits for those that a restart has let go", async () => {
    const service = new FakeService([ready(10)], { workers: 1 });
    await serving(service, async () => {
      await sleep(20);
      (service.forked[0] as FakeWorker).drainTime = 400;
      service.supervisor.restart("SIGHUP");
      await sleep(100);
    });
    expect(service.supervisor.killed).toBe(0);
  });

  test("comes with a cancel, too, wherever that happens: no process is left", () =>
    cancelEverywhere(async () => {
      const service = new FakeService([ready(10), ready(20), hanging, ready(5)]);
      const run = createTask(() => service.supervisor.run());
      try {
        await sleep(15);
        service.supervisor.restart("SIGHUP");
        await sleep(10);
        service.supervisor.order("more", "SIGTTIN");
        await sleep(2000);
        run.cancel();
        await run.then(null, () => {});
      } finally {
        run.cancel();
        await waitEnd(run);
        expect(service.alive).toEqual([]);
      }
    }));
});

describe("the reports", () => {
  test("come from all, also from those that do not answer", async () => {
    const service = new FakeService([ready(10), ready(10), hanging], { workers: 3 });
    await serving(service, async () => {
      await sleep(20);
      const [first] = service.forked as [FakeWorker];
      const send = first.send.bind(first);
      first.send = (message) => {
        send(message);
        if (message.ambit === "count")
          first.says({ ambit: "counted", id: message.id, counters: { requests: 7 } as never });
      };
      const begin = now();
      expect(await service.supervisor.gather()).toEqual([
        { worker: 1, pid: 100, state: "ready", restarts: 0, counters: { requests: 7 } },
        { worker: 2, pid: 101, state: "ready", restarts: 0, counters: null },
        { worker: 3, pid: 102, state: "starting", restarts: 0, counters: null },
      ]);
      expect(now() - begin).toBe(500);
    });
  });

  test("go to the worker that asked", async () => {
    const service = new FakeService([ready(10)], { workers: 1 });
    await serving(service, async () => {
      await sleep(20);
      service.forked[0]?.says({ ambit: "gather", id: 9 });
      await sleep(600);
      expect(service.forked[0]?.got.at(-1)).toMatchObject({ ambit: "gathered", id: 9 });
    });
  });

  test("an order is obeyed and confirmed", async () => {
    const service = new FakeService([ready(10)], { workers: 1 });
    await serving(service, async () => {
      await sleep(20);
      service.forked[0]?.says({ ambit: "order", id: 4, order: "more" });
      await sleep(20);
      expect(service.forked[0]?.got).toEqual([{ ambit: "ordered", id: 4 }]);
      expect(service.alive).toEqual([100, 101]);
    });
  });
});

function trouble(line: string): ConstructorParameters<typeof StartFailure>[0] {
  return { line, detail: "", usage: false };
}

async function untilReady(service: FakeService, count: number): Promise<void> {
  while (service.of("worker ready").length < count) await sleep(10);
}

/** Waits for its end without being tied to it. */
function waitEnd(task: Task<void>): Promise<void> {
  return new Promise((resolve) => task.addDoneCallback(() => resolve()));
}
