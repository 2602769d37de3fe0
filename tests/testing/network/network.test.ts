/*
 * The simulated network: hosts, links, and what goes wrong with them, in virtual time.
 */
import { createTask, rethrowIfCancelled, run, sleep, taskGroup, timeout } from "ambit";
import {
  type Connection,
  openConnection,
  startServer,
  type StreamReader,
  type StreamWriter,
} from "ambit/streams";
import {
  advance,
  currentTime,
  HostDownError,
  runVirtual,
  simulateNetwork,
  type NetworkOptions,
  type SimulatedNetwork,
} from "ambit/testing";
import { describe, expect, test } from "vitest";

async function echo(reader: StreamReader, writer: StreamWriter): Promise<void> {
  try {
    for await (const line of reader) {
      writer.write(line);
      await writer.drain();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** A network with an echo server on the host `db`, port 7. */
async function withEcho(
  body: (network: SimulatedNetwork) => Promise<void>,
  options: NetworkOptions = {},
): Promise<SimulatedNetwork> {
  const network = simulateNetwork(options);
  await runVirtual(async () => {
    const serving = network.host("db").run(async () => {
      const server = await startServer(echo, { port: 7 });
      await server.serveForever();
    });
    await advance(0);
    try {
      await body(network);
    } finally {
      serving.cancel();
      await serving.then(null, () => {});
    }
  });
  return network;
}

const callDb = (network: SimulatedNetwork): Promise<Connection> =>
  network.host("app").openConnection({ host: "db", port: 7 });

async function say({ reader, writer }: Connection, line: string): Promise<string> {
  writer.write(`${line}\n`);
  await writer.drain();
  return String(await reader.readline()).trimEnd();
}

describe("on a host", () => {
  test("the plain openConnection and startServer reach other hosts by name, address, and themselves", async () => {
    await withEcho(async (network) => {
      const greet = (host: string) => async (): Promise<string> => {
        await using connection = await openConnection({ host, port: 7 });
        return await say(connection, "hello");
      };
      expect(await network.host("app").run(greet("db"))).toBe("hello");
      expect(await network.host("app").run(greet(network.host("db").address))).toBe("hello");
      expect(await network.host("db").run(greet("localhost"))).toBe("hello");
      // What its tasks spawn is on the host too.
      const spawned = (): Promise<string> =>
        taskGroup(async (group) => await group.spawn(greet("db")));
      expect(await network.host("app").run(spawned)).toBe("hello");
    });
  });

  test("both sides know the addresses of both", async () => {
    await withEcho(async (network) => {
      const { writer } = await callDb(network);
      expect(writer.info).toMatchObject({
        sockname: { address: network.host("app").address, port: 49_152, family: "IPv4" },
        peername: { address: network.host("db").address, port: 7, family: "IPv4" },
      });
    });
  });

  test("code outside any host is on the real network as before", async () => {
    await run(async () => {
      const server = await startServer(echo, { host: "127.0.0.1", port: 0 });
      await using connection = await openConnection({ host: "127.0.0.1", port: server.port });
      expect(await say(connection, "real")).toBe("real");
    });
  });

  test("a program ends with its body: its tasks, servers and connections", async () => {
    await runVirtual(async () => {
      const network = simulateNetwork();
      let ended = false;
      await network.host("db").run(async () => {
        await startServer(echo, { port: 7 });
        createTask(async () => {
          try {
            await sleep(Infinity);
          } finally {
            ended = true;
          }
        });
        await sleep(1);
      });
      expect(ended).toBe(true);
      await expect(callDb(network)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    });
  });

  test("TLS is refused, with what to do", async () => {
    await runVirtual(async () => {
      const host = simulateNetwork().host("app");
      await expect(host.openConnection({ host: "app", port: 1, tls: true })).rejects.toThrow(
        "Expected `options.tls` to be left out on a simulated network",
      );
      await expect(host.startServer(echo, { port: 1, tls: {} })).rejects.toThrow("`options.tls`");
    });
  });
});

describe("errors are shaped as Node's:", () => {
  test("nothing listens", async () => {
    await runVirtual(async () => {
      const network = simulateNetwork({ latency: 10 });
      network.host("db");
      const { address } = network.host("db");
      await expect(callDb(network)).rejects.toMatchObject({
        message: `connect ECONNREFUSED ${address}:7`,
        code: "ECONNREFUSED",
        syscall: "connect",
        address,
        port: 7,
        errno: expect.any(Number) as number,
      });
      expect(currentTime()).toBe(20);
    });
  });

  test("no such host", async () => {
    await runVirtual(async () => {
      const app = simulateNetwork().host("app");
      await expect(app.openConnection({ host: "nowhere", port: 1 })).rejects.toMatchObject({
        message: "getaddrinfo ENOTFOUND nowhere",
        code: "ENOTFOUND",
        hostname: "nowhere",
      });
    });
  });

  test("the port is in use, until its server is closed", async () => {
    await runVirtual(async () => {
      const db = simulateNetwork().host("db");
      const server = await db.startServer(echo, { port: 7 });
      await expect(db.startServer(echo, { port: 7 })).rejects.toMatchObject({
        message: `listen EADDRINUSE: address already in use ${db.address}:7`,
        code: "EADDRINUSE",
      });
      server.close();
      await (await db.startServer(echo, { port: 7 }))[Symbol.asyncDispose]();
    });
  });

  test("a server on localhost is not reached from elsewhere", async () => {
    await runVirtual(async () => {
      const network = simulateNetwork();
      await network.host("db").startServer(echo, { host: "127.0.0.1", port: 7 });
      await expect(callDb(network)).rejects.toMatchObject({ code: "ECONNREFUSED" });
      const own = await network.host("db").openConnection({ host: "localhost", port: 7 });
      expect(await say(own, "me")).toBe("me");
    });
  });
});

describe("links", () => {
  test("latency: connecting takes there and back, an echo too", async () => {
    await withEcho(
      async (network) => {
        const connection = await callDb(network);
        expect(currentTime()).toBe(50);
        await say(connection, "one");
        expect(currentTime()).toBe(100);
        network.setLink("app", "db", { latency: 100, oneWay: true });
        await say(connection, "two");
        expect(currentTime()).toBe(225);
      },
      { latency: 25 },
    );
  });

  test("bandwidth: what is sent takes as long as its bytes", async () => {
    await withEcho(
      async (network) => {
        const { reader, writer } = await callDb(network);
        const start = currentTime();
        writer.write(`${"x".repeat(9_999)}\n`);
        await reader.readline();
        expect(currentTime() - start).toBe(2 * 1000 + 2);
      },
      { bandwidth: 10_000 },
    );
  });

  test("jitter and loss delay what is sent, and never reorder or drop it", async () => {
    await withEcho(
      async (network) => {
        const { reader, writer } = await callDb(network);
        const sent = Array.from({ length: 200 }, (_, number) => `${number}\n`);
        createTask(async () => {
          for (const line of sent) {
            writer.write(line);
            await sleep(1);
          }
          writer.writeEof();
        });
        expect(String(await reader.read())).toBe(sent.join(""));
        expect(currentTime()).toBeGreaterThan(400);
      },
      { jitter: 50, loss: 0.2, seed: 3 },
    );
  });

  test.each([
    [{ latency: -1 }, "latency"],
    [{ jitter: Infinity }, "jitter"],
    [{ loss: 1 }, "loss"],
    [{ bandwidth: 0 }, "bandwidth"],
    [{ seed: -1 }, "seed"],
    [{ connectTimeout: 0 }, "connectTimeout"],
  ])("%o is refused", (options, name) => {
    expect(() => simulateNetwork(options)).toThrow(`options.${name}`);
  });
});

describe("one seed", () => {
  async function traceUnder(seed: number): Promise<readonly string[]> {
    const network = await withEcho(
      async (network_) => {
        await taskGroup((group) => {
          for (const name of ["app", "web", "cron"])
            group.spawn(() =>
              network_.host(name).run(async () => {
                await using connection = await openConnection({ host: "db", port: 7 });
                for (const line of ["a", "b"]) await say(connection, line);
              }),
            );
        });
      },
      { seed, jitter: 10, loss: 0.1 },
    );
    return network.trace;
  }

  test("gives one trace, and another seed another", async () => {
    const trace = await traceUnder(1);
    expect(await traceUnder(1)).toEqual(trace);
    expect(await traceUnder(2)).not.toEqual(trace);
    expect(trace.length).toBeGreaterThan(20);
  });

  test("the trace reads as what happened", async () => {
    const network = await withEcho(async (each) => {
      await using connection = await callDb(each);
      await say(connection, "hi");
      connection.writer.close();
      await advance(5);
    });
    expect(network.trace).toEqual([
      "0 app:49152 > db:7 connects",
      "2 app:49152 > db:7 is connected",
      "2 app:49152 > db:7 sends 3 bytes",
      "3 db:7 > app:49152 sends 3 bytes",
      "4 app:49152 > db:7 ends",
      "5 db:7 > app:49152 ends",
    ]);
    expect(network.connections).toBe(0);
  });
});

describe("a partition", () => {
  test("stalls a connection, which goes on when it heals, with nothing lost", async () => {
    await withEcho(async (network) => {
      const connection = await callDb(network);
      network.partition("app", "db");
      connection.writer.write("one\n");
      await advance(10_000);
      connection.writer.write("two\n");
      expect(connection.reader.bufferedBytes).toBe(0);
      network.heal("app", "db");
      expect(String(await connection.reader.readline())).toBe("one\n");
      expect(String(await connection.reader.readline())).toBe("two\n");
      expect(currentTime()).toBe(10_004);
    });
  });

  test("of one direction lets the other through", async () => {
    await withEcho(async (network) => {
      const connection = await callDb(network);
      network.partition("db", "app", { oneWay: true });
      connection.writer.write("heard, not answered\n");
      await advance(100);
      expect(connection.reader.bufferedBytes).toBe(0);
      expect(network.trace.at(-1)).toMatch(/db:7 > app:49152 sends/);
      network.heal("db", "app");
      expect(String(await connection.reader.readline())).toBe("heard, not answered\n");
    });
  });

  test("ends a connection with ETIMEDOUT for who has sent something, after a quarter of an hour", async () => {
    await withEcho(async (network) => {
      const connection = await callDb(network);
      network.partition("app", "db");
      connection.writer.write("anybody?\n");
      await expect(connection.reader.readline()).rejects.toMatchObject({ code: "ETIMEDOUT" });
      expect(currentTime()).toBeGreaterThan(15 * 60_000);
      network.heal("app", "db");
    });
  });

  test("leaves attempts to connect unanswered, until they time out", async () => {
    await withEcho(
      async (network) => {
        network.partition("app", "db");
        await expect(callDb(network)).rejects.toMatchObject({
          code: "ETIMEDOUT",
          syscall: "connect",
        });
        expect(currentTime()).toBe(3000);
      },
      { connectTimeout: 3000 },
    );
  });

  test("that heals in time lets the next try through", async () => {
    await withEcho(async (network) => {
      network.partition("app", "db");
      const calling = createTask(() => callDb(network));
      await sleep(1500);
      network.heal("app", "db");
      expect(await say(await calling, "at last")).toBe("at last");
      // Tries after 0, 1, 3 seconds.
      expect(currentTime()).toBe(3004);
    });
  });

  test("isolate and rejoin cut a host off from all others", async () => {
    await withEcho(async (network) => {
      const [app, web] = [network.host("app"), network.host("web")];
      const open = await app.openConnection({ host: "db", port: 7 });
      network.isolate("db");
      open.writer.write("x\n");
      const calling = createTask(() => web.openConnection({ host: "db", port: 7 }));
      await advance(500);
      expect([calling.done(), open.reader.bufferedBytes]).toEqual([false, 0]);
      network.rejoin("db");
      expect(await say(await calling, "y")).toBe("y");
      expect(String(await open.reader.readline())).toBe("x\n");
    });
  });
});

test("a reset gives both sides ECONNRESET, as Node shapes it, and leaves others alone", async () => {
  await runVirtual(async () => {
    const network = simulateNetwork();
    const ends: unknown[] = [];
    await network.host("db").startServer(
      async (reader) => {
        await reader.read().catch((error: unknown) => {
          rethrowIfCancelled(error);
          ends.push(error);
        });
      },
      { port: 7 },
    );
    const [one, other] = [
      await callDb(network),
      await network.host("web").openConnection({ host: "db", port: 7 }),
    ];
    network.reset("app", "db");
    await expect(one.reader.read()).rejects.toMatchObject({
      message: "read ECONNRESET",
      code: "ECONNRESET",
      syscall: "read",
    });
    await advance(10);
    expect(ends).toMatchObject([{ code: "ECONNRESET" }]);
    expect(other.writer.isClosing()).toBe(false);
    expect(network.connections).toBe(1);
  });
});

describe("a crash", () => {
  test("cancels the host's tasks, resets its connections, refuses new ones; a restart takes them again", async () => {
    await runVirtual(async () => {
      const network = simulateNetwork();
      const db = network.host("db");
      const log: string[] = [];
      const serve = async (): Promise<void> => {
        createTask(async () => {
          try {
            await sleep(Infinity);
          } finally {
            log.push("compaction stopped");
          }
        });
        const server = await startServer(echo, { port: 7 });
        await server.serveForever();
      };
      const first = db.run(serve);
      await advance(0);
      const connection = await callDb(network);
      expect(await say(connection, "before")).toBe("before");
      await db.crash();
      expect(log).toEqual(["compaction stopped"]);
      await expect(first).rejects.toThrow("the host 'db' has crashed");
      await expect(connection.reader.read()).rejects.toMatchObject({ code: "ECONNRESET" });
      await expect(callDb(network)).rejects.toMatchObject({ code: "ECONNREFUSED" });
      expect(() => db.run(serve)).toThrow(HostDownError);
      db.restart();
      const second = db.run(serve);
      await advance(0);
      expect(await say(await callDb(network), "after")).toBe("after");
      second.cancel();
      await second.then(null, () => {});
      expect(network.trace.filter((line) => /crashes|restarts/.test(line))).toEqual([
        "4 db crashes",
        "7 db restarts",
      ]);
    });
  });

  test("of a host that was cut off first is silent", async () => {
    await withEcho(async (network) => {
      const connection = await callDb(network);
      network.isolate("db");
      await network.host("db").crash();
      const reading = timeout(60_000, () => connection.reader.read());
      await expect(reading).rejects.toMatchObject({ name: "TimeoutError" });
      network.rejoin("db");
      await expect(connection.reader.read()).rejects.toMatchObject({ code: "ECONNRESET" });
    });
  });

  test("from a host that is down nothing goes out", async () => {
    await withEcho(async (network) => {
      await network.host("app").crash();
      await expect(callDb(network)).rejects.toMatchObject({ code: "ENETUNREACH" });
      await expect(network.host("app").startServer(echo, { port: 1 })).rejects.toMatchObject({
        code: "ENETDOWN",
      });
    });
  });
});

test("a cancelled attempt to connect leaves no connection behind, at whatever moment", async () => {
  for (let ms = 0; ms <= 6; ms++) {
    const network = await withEcho(
      async (each) => {
        const calling = createTask(() => callDb(each));
        await sleep(ms);
        calling.cancel();
        const connection = await calling.then(
          (open) => open,
          () => null,
        );
        await connection?.[Symbol.asyncDispose]();
        await advance(10);
        expect(each.connections).toBe(0);
      },
      { latency: 2 },
    );
    expect(network.connections).toBe(0);
  }
});

test("an outside signal gives an attempt up", async () => {
  await withEcho(async (network) => {
    network.partition("app", "db");
    const { signal } = new AbortController();
    const aborting = AbortSignal.any([signal, AbortSignal.abort("enough")]);
    const calling = network.host("app").openConnection({ host: "db", port: 7, signal: aborting });
    await expect(calling).rejects.toMatchObject({ name: "CancelledError", reason: "enough" });
  });
});

test("a program that waits for an answer that never comes is a deadlock, told by name", async () => {
  const stuck = runVirtual(async () => {
    const network = simulateNetwork();
    await network.host("db").startServer((reader) => reader.read(), { port: 7 });
    const { reader } = await callDb(network);
    await reader.readline();
  });
  await expect(stuck).rejects.toThrow(/main waits in StreamReader\.readline on <StreamReader/);
});

test("a leader is elected under every seed, though links fail", async () => {
  // A small protocol as users write them: the highest name that answers leads.
  for (let seed = 1; seed <= 10; seed++) {
    await runVirtual(
      async () => {
        const network = simulateNetwork({ seed, jitter: 20, loss: 0.1 });
        const names = ["a", "b", "c"];
        for (const name of names)
          await network.host(name).startServer((_reader, writer) => writer.write(`${name}\n`), {
            port: 1,
          });
        network.partition("a", "c");
        const leaderOf = async (name: string): Promise<string> =>
          await network.host(name).run(async () => {
            const answers = await Promise.all(
              names.map(async (host) => {
                try {
                  return await timeout(5_000, async () => {
                    await using connection = await openConnection({ host, port: 1 });
                    return String(await connection.reader.readline()).trim();
                  });
                } catch (error) {
                  rethrowIfCancelled(error);
                  return "";
                }
              }),
            );
            return answers.sort().at(-1) as string;
          });
        expect(await leaderOf("a")).toBe("b");
        expect(await leaderOf("b")).toBe("c");
        network.heal("a", "c");
        expect(await leaderOf("a")).toBe("c");
      },
      { seed },
    );
  }
});
