/**
 * Stopping, over real sockets: real time.
 */
import { Agent, get as httpGet } from "node:http";
import { connect } from "node:net";
import { once } from "node:events";
import { createTask, Event, run, shield, sleep } from "ambit";
import { Application, type RunningApplication } from "ambit/web";
import { describe, expect, test } from "vitest";
import { collectingErrors } from "../streams/peers.ts";

interface Got {
  readonly status: number;
  readonly connection: string | undefined;
  readonly text: string;
}

/** With node:http: fetch keeps its connections where nobody can close them. */
function get(url: string, agent?: Agent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = httpGet(url, agent === undefined ? {} : { agent }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => (text += piece));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          connection: response.headers.connection,
          text,
        }),
      );
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

describe("drain", () => {
  test("lets a request come to its end, tells its client to close, and takes nobody new", async () => {
    await run(async () => {
      const gate = new Event();
      const began = new Event();
      const app = new Application();
      app.get("/slow", async () => {
        began.set();
        await gate.wait();
        return "done";
      });
      const running = await app.start({ port: 0 });
      const { url } = running;
      const answer = get(`${url}/slow`);
      await began.wait();
      const draining = createTask(() => running.drain());
      await sleep(20);
      await expect(get(`${url}/slow`)).rejects.toThrow("ECONNREFUSED");
      expect(draining.done()).toBe(false);
      gate.set();
      expect(await answer).toEqual({ status: 200, connection: "close", text: "done" });
      await draining;
      expect(running.connections).toBe(0);
    });
  });

  test("closes connections that are idle, and those on which nothing was ever sent", async () => {
    await run(async () => {
      const app = new Application();
      app.get("/", () => "");
      const running = await app.start({ port: 0 });
      const agent = new Agent({ keepAlive: true });
      await get(running.url, agent);
      const unused = connect(running.port, "127.0.0.1");
      await once(unused, "connect");
      while (running.connections < 2) await sleep(1);
      unused.resume();
      await Promise.all([running.drain(), once(unused, "end")]);
      expect(running.connections).toBe(0);
      agent.destroy();
    });
  });

  test("past the deadline cancels what runs, which is answered with 503", async () => {
    await run(async () => {
      const log: string[] = [];
      const began = new Event();
      const app = new Application();
      app.get("/slow", async () => {
        began.set();
        try {
          await sleep(60_000);
        } finally {
          await sleep(5);
          log.push("cleaned up");
        }
        return "";
      });
      const running = await app.start({ port: 0 });
      const answer = get(`${running.url}/slow`);
      await began.wait();
      await running.drain({ timeout: 20 });
      expect(log).toEqual(["cleaned up"]);
      expect((await answer).status).toBe(503);
    });
  });

  test("answers for a handler that does not stop, and ends without it", async () => {
    await run(async () => {
      const began = new Event();
      let free!: () => void;
      const foreign = new Promise<void>((resolve) => (free = resolve));
      const app = new Application();
      app.get("/stubborn", async () => {
        began.set();
        await foreign;
        return "";
      });
      const running = await app.start({ port: 0 });
      const answer = get(`${running.url}/stubborn`);
      await began.wait();
      await running.drain({ timeout: 10 });
      expect((await answer).status).toBe(503);
      free();
    });
  });

  test("waits for shielded work that a request has left behind, before it closes what that uses", async () => {
    await run(async () => {
      const log: string[] = [];
      const gate = new Event();
      const began = new Event();
      const app = new Application();
      app.cleanupContext(async function* () {
        yield;
        log.push("pool closed");
      });
      app.get("/save", async () => {
        await shield(async () => {
          began.set();
          await gate.wait();
          log.push("saved");
        });
        return "";
      });
      const running = await app.start({ port: 0 });
      const socket = connect(running.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write("GET /save HTTP/1.1\r\nHost: x\r\n\r\n");
      await began.wait();
      socket.destroy();
      while (running.running > 0) await sleep(1);
      const draining = createTask(() => running.drain());
      await sleep(20);
      expect(log).toEqual([]);
      gate.set();
      await draining;
      expect(log).toEqual(["saved", "pool closed"]);
    });
  });

  test("during the lame duck period it serves on, while readiness says no", async () => {
    await run(async () => {
      const app = new Application().health();
      app.get("/", () => "hello");
      const running = await app.start({ port: 0 });
      expect((await get(`${running.url}/readyz`)).status).toBe(200);
      const draining = createTask(() => running.drain({ lameDuck: 150 }));
      await sleep(20);
      expect((await get(`${running.url}/readyz`)).status).toBe(503);
      expect((await get(`${running.url}/healthz`)).status).toBe(200);
      expect(await get(running.url)).toEqual({ status: 200, connection: "close", text: "hello" });
      await draining;
      await expect(get(running.url)).rejects.toThrow("ECONNREFUSED");
    });
  });

  test("called twice, both wait for the one stop", async () => {
    await run(async () => {
      const app = new Application();
      const running = await app.start({ port: 0 });
      await Promise.all([running.drain(), running.drain(), running.close()]);
      await running.stopped();
      expect(running.connections).toBe(0);
      await using again = await app.start({ port: 0 });
      expect(again.port).toBeGreaterThan(0);
    });
  });
});

describe("the end of the run", () => {
  test("stops an application that was left running", async () => {
    const log: string[] = [];
    let running!: RunningApplication;
    await run(async () => {
      const app = new Application();
      app.cleanupContext(async function* () {
        yield;
        log.push("closed");
      });
      running = await app.start({ port: 0 });
    });
    expect(log).toEqual(["closed"]);
    expect(running.connections).toBe(0);
  });

  test("of its `await using` block cancels requests, and waits for them", async () => {
    const log: string[] = [];
    await run(async () => {
      const began = new Event();
      const app = new Application();
      app.get("/", async () => {
        began.set();
        try {
          await sleep(60_000);
        } finally {
          await sleep(5);
          log.push("cleaned up");
        }
        return "";
      });
      await using running = await app.start({ port: 0 });
      void get(running.url).catch(() => {});
      await began.wait();
    });
    expect(log).toEqual(["cleaned up"]);
  });

  test("a cancel of `serve` stops it, and passes on", async () => {
    await run(async () => {
      const log: string[] = [];
      const app = new Application();
      app.afterServerStart(() => void log.push("started"));
      app.afterServerStop(() => void log.push("stopped"));
      const serving = createTask(() => app.serve({ port: 0 }));
      while (log.length === 0) await sleep(1);
      serving.cancel();
      await expect(Promise.resolve(serving)).rejects.toThrow("cancelled");
      expect(log).toEqual(["started", "stopped"]);
    });
  });
});

describe("a port that is taken", () => {
  test("fails the start with the system's error, and what was begun is undone", async () => {
    await run(async () => {
      const log: string[] = [];
      const first = new Application();
      await using running = await first.start({ port: 0 });
      const second = new Application();
      second.cleanupContext(async function* () {
        log.push("opened");
        yield;
        log.push("closed");
      });
      second.background(() => sleep(60_000), { name: "ticker" });
      await expect(second.start({ port: running.port })).rejects.toThrow("EADDRINUSE");
      expect(log).toEqual(["opened", "closed"]);
      expect(second.tasks()).toEqual([]);
      await using again = await second.start({ port: 0 });
      expect(again.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    });
  });

  test("a failure while it stops is reported, and the rest is closed", async () => {
    await run(async () => {
      await collectingErrors(async (told) => {
        const log: string[] = [];
        const app = new Application();
        app.cleanupContext(async function* () {
          yield;
          log.push("first closed");
        });
        app.cleanupContext(async function* () {
          yield;
          throw new Error("it broke");
        });
        app.afterServerStop(() => {
          throw new Error("this too");
        });
        const running = await app.start({ port: 0 });
        await running.drain();
        expect(log).toEqual(["first closed"]);
        expect(told.map(({ exception }) => (exception as Error).message)).toEqual([
          "this too",
          "it broke",
        ]);
      });
    });
  });
});
