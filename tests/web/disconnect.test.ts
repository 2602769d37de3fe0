/**
 * Clients that leave, over real sockets: real time, for that is what a socket's end takes.
 */
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { allTasks, createTask, Event, run, shield, sleep, protect, CancelledError } from "ambit";
import { Application, type RunningApplication, type ServerRequest } from "ambit/web";
import { expect, test } from "vitest";

/** What happened, in order, with a way to wait for it. */
class Log {
  readonly lines: string[] = [];
  #grown = new Event();

  push(line: string): void {
    this.lines.push(line);
    this.#grown.set();
    this.#grown = new Event();
  }

  async has(line: string): Promise<void> {
    while (!this.lines.includes(line)) await this.#grown.wait();
  }
}

async function client(running: RunningApplication, head: string): Promise<Socket> {
  const socket = connect(running.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(head.replaceAll("\n", "\r\n"));
  return socket;
}

/** A handler that says when it begins, waits for ever, and says how it ended. */
function waiting(log: Log, before?: (request: ServerRequest) => Promise<unknown>) {
  return async (request: ServerRequest<never>): Promise<string> => {
    try {
      await before?.(request);
      log.push(`began ${request.path}`);
      await sleep(60_000);
      return "late";
    } catch (error) {
      log.push(error instanceof CancelledError ? "cancelled" : `threw ${String(error)}`);
      throw error;
    } finally {
      log.push(`over ${request.path}`);
    }
  };
}

async function serving(
  app: Application,
  body: (running: RunningApplication) => Promise<void>,
): Promise<void> {
  await run(async () => {
    await using running = await app.start({ port: 0 });
    await body(running);
  });
}

const HEAD = "GET /slow HTTP/1.1\nHost: x\n\n";

test("a GET whose client leaves is cancelled where it waits", async () => {
  const log = new Log();
  const app = new Application();
  app.get("/slow", waiting(log) as never);
  await serving(app, async (running) => {
    const socket = await client(running, HEAD);
    await log.has("began /slow");
    expect(running.running).toBe(1);
    socket.destroy();
    await log.has("over /slow");
    expect(log.lines).toEqual(["began /slow", "cancelled", "over /slow"]);
    await sleep(0);
    expect(running.running).toBe(0);
  });
});

test("a POST is cancelled while its body is read", async () => {
  const log = new Log();
  const app = new Application();
  app.post("/read", async (request) => {
    try {
      log.push("reading");
      return await request.text();
    } finally {
      log.push("over");
    }
  });
  await serving(app, async (running) => {
    const socket = await client(running, "POST /read HTTP/1.1\nHost: x\nContent-Length: 9\n\n1234");
    await log.has("reading");
    socket.destroy();
    await log.has("over");
    expect(log.lines).toEqual(["reading", "over"]);
  });
});

test("a POST whose body nobody reads is cancelled, with up to a mebibyte of it sent", async () => {
  const log = new Log();
  const app = new Application();
  app.post("/unread", waiting(log) as never);
  await serving(app, async (running) => {
    const socket = await client(
      running,
      "POST /unread HTTP/1.1\nHost: x\nContent-Length: 1000000\n\n",
    );
    socket.write(Buffer.alloc(900_000));
    await log.has("began /unread");
    await sleep(20);
    socket.destroy();
    await log.has("over /unread");
    expect(log.lines).toContain("cancelled");
  });
});

test("each of three pipelined requests is cancelled", async () => {
  const log = new Log();
  const app = new Application();
  app.get("/:name", waiting(log) as never);
  await serving(app, async (running) => {
    const heads = ["a", "b", "c"].map((name) => `GET /${name} HTTP/1.1\nHost: x\n\n`);
    const socket = await client(running, heads.join(""));
    for (const name of ["a", "b", "c"]) await log.has(`began /${name}`);
    socket.destroy();
    for (const name of ["a", "b", "c"]) await log.has(`over /${name}`);
    expect(log.lines.filter((line) => line === "cancelled")).toHaveLength(3);
  });
});

test("a request that must not run beside others waits for those before it", async () => {
  const log = new Log();
  const gate = new Event();
  const app = new Application();
  app.get("/first", async () => {
    log.push("first");
    await gate.wait();
    return "1";
  });
  app.post("/second", () => {
    log.push("second");
    return "2";
  });
  app.get("/third", () => {
    log.push("third");
    return "3";
  });
  await serving(app, async (running) => {
    const socket = await client(
      running,
      "GET /first HTTP/1.1\nHost: x\n\nPOST /second HTTP/1.1\nHost: x\nContent-Length: 0\n\nGET /third HTTP/1.1\nHost: x\nConnection: close\n\n",
    );
    await log.has("first");
    await sleep(20);
    expect(log.lines).toEqual(["first"]);
    gate.set();
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(log.lines).toEqual(["first", "second", "third"]);
    expect(text.match(/\r\n\r\n\d/g)).toEqual(["\r\n\r\n1", "\r\n\r\n2", "\r\n\r\n3"]);
  });
});

test("a request that waits its turn never starts when its client has left", async () => {
  const log = new Log();
  const app = new Application();
  app.get("/slow", waiting(log) as never);
  app.post("/second", () => {
    log.push("second");
    return "";
  });
  await serving(app, async (running) => {
    const socket = await client(
      running,
      `${HEAD}POST /second HTTP/1.1\nHost: x\nContent-Length: 0\n\n`,
    );
    await log.has("began /slow");
    await sleep(10);
    socket.destroy();
    await log.has("over /slow");
    await sleep(10);
    expect(log.lines).not.toContain("second");
  });
});

test("a streamed answer is cancelled between two pieces, and its generator closed", async () => {
  const log = new Log();
  const app = new Application();
  app.get("/stream", () => pieces(log));
  async function* pieces(to: Log): AsyncGenerator<string> {
    try {
      for (;;) {
        yield "piece\n";
        to.push("piece");
        await sleep(5);
      }
    } finally {
      to.push("closed");
    }
  }
  await serving(app, async (running) => {
    const socket = await client(running, "GET /stream HTTP/1.1\nHost: x\n\n");
    await log.has("piece");
    socket.destroy();
    await log.has("closed");
    expect(log.lines.at(-1)).toBe("closed");
  });
});

test("a streamed answer is held back by a client that does not read, and cancelled when it leaves", async () => {
  let sent = 0;
  const log = new Log();
  const app = new Application();
  app.get("/much", () => much());
  async function* much(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        sent++;
        yield new Uint8Array(64 * 1024);
      }
    } finally {
      log.push("closed");
    }
  }
  await serving(app, async (running) => {
    const socket = await client(running, "GET /much HTTP/1.1\nHost: x\n\n");
    socket.pause();
    let before = -1;
    while (before !== sent) {
      before = sent;
      await sleep(50);
    }
    expect(sent).toBeLessThan(1000);
    socket.destroy();
    await log.has("closed");
  });
});

test("with onDisconnect 'finish' a handler goes on to its end, and nobody gets its answer", async () => {
  const log = new Log();
  const gate = new Event();
  const app = new Application();
  app.post("/save", { onDisconnect: "finish" }, async (request) => {
    log.push("began");
    await gate.wait();
    log.push(`saved, client there: ${!request.exchange.ended}`);
    return "saved";
  });
  await serving(app, async (running) => {
    const socket = await client(running, "POST /save HTTP/1.1\nHost: x\nContent-Length: 0\n\n");
    await log.has("began");
    socket.destroy();
    await once(socket, "close");
    await sleep(20);
    gate.set();
    await log.has("saved, client there: false");
    expect(log.lines).toHaveLength(2);
  });
});

test("with 'finish', reading the body of a client that has left throws ClientDisconnected", async () => {
  const log = new Log();
  const app = new Application();
  app.post("/read", { onDisconnect: "finish" }, async (request) => {
    log.push("began");
    await request.text().catch((error: unknown) => log.push((error as Error).name));
    return "";
  });
  await serving(app, async (running) => {
    const socket = await client(running, "POST /read HTTP/1.1\nHost: x\nContent-Length: 9\n\n1");
    await log.has("began");
    socket.destroy();
    await log.has("ClientDisconnected");
    expect(log.lines).toEqual(["began", "ClientDisconnected"]);
  });
});

test("what is shielded goes on when the client has left, and what is protected ends first", async () => {
  const log = new Log();
  const gate = new Event();
  const app = new Application();
  app.get("/shield", async () => {
    await shield(async () => {
      log.push("began");
      await gate.wait();
      log.push("shielded");
    });
    return "";
  });
  app.get("/protect", async () => {
    try {
      await protect(async () => {
        log.push("protecting");
        await gate.wait();
        log.push("protected");
      });
      await sleep(1);
      log.push("not reached");
    } finally {
      log.push("over");
    }
    return "";
  });
  await serving(app, async (running) => {
    const one = await client(running, "GET /shield HTTP/1.1\nHost: x\n\n");
    const other = await client(running, "GET /protect HTTP/1.1\nHost: x\n\n");
    await log.has("began");
    await log.has("protecting");
    one.destroy();
    other.destroy();
    await sleep(20);
    gate.set();
    await log.has("shielded");
    await log.has("over");
    expect(log.lines).not.toContain("not reached");
  });
});

test("the children of a handler's task group end with it", async () => {
  const { taskGroup } = await import("ambit");
  const log = new Log();
  const app = new Application();
  app.get("/group", () =>
    taskGroup(async (group) => {
      for (const name of ["a", "b"])
        group.spawn(async () => {
          try {
            await sleep(60_000);
          } finally {
            log.push(`child ${name}`);
          }
        });
      log.push("began");
      await sleep(60_000);
      return "";
    }),
  );
  await serving(app, async (running) => {
    const socket = await client(running, "GET /group HTTP/1.1\nHost: x\n\n");
    await log.has("began");
    socket.destroy();
    await log.has("child a");
    await log.has("child b");
    expect(log.lines).toHaveLength(3);
  });
});

test("a client that ends its side after the request counts as gone", async () => {
  const log = new Log();
  const app = new Application();
  app.get("/slow", waiting(log) as never);
  await serving(app, async (running) => {
    const socket = await client(running, HEAD);
    await log.has("began /slow");
    socket.end();
    await log.has("over /slow");
    expect(log.lines).toContain("cancelled");
  });
});

test("a thousand clients that leave at random leave nothing behind, and nobody else hears of it", async () => {
  const reported: unknown[] = [];
  const app = new Application();
  let began = 0;
  let over = 0;
  app.post("/work", async (request) => {
    began++;
    try {
      await sleep(Math.random() * 20);
      const text = await request.text();
      await sleep(Math.random() * 20);
      return text;
    } finally {
      over++;
    }
  });
  await run(async () => {
    const { getRunningLoop } = await import("ambit");
    getRunningLoop().setExceptionHandler((context) => void reported.push(context));
    await using running = await app.start({ port: 0 });
    const visit = async (): Promise<void> => {
      const socket = await client(running, "POST /work HTTP/1.1\nHost: x\nContent-Length: 4\n\nab");
      await sleep(Math.random() * 20);
      if (Math.random() < 0.5) socket.write("cd");
      await sleep(Math.random() * 20);
      socket.destroy();
    };
    for (let round = 0; round < 20; round++)
      await Promise.all(Array.from({ length: 50 }, () => createTask(visit)));
    await running.drain();
    getRunningLoop().setExceptionHandler(null);
    expect(allTasks().length).toBe(1);
  });
  expect(reported).toEqual([]);
  expect(began).toBeGreaterThan(500);
  expect(over).toBe(began);
});
