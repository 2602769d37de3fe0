/*
 * The line protocol over real sockets, and by netcat and telnet where they are installed. Real time, as sockets know no
 * other.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import { createTask, Event, run } from "ambit";
import type { Server } from "ambit/streams";
import { beforeAll, expect, onTestFinished, test } from "vitest";

import type { CharacterIndex } from "../../src/search/characterIndex.ts";
import { type LineServerOptions, serveLines } from "../../src/tcp/lineServer.ts";
import { sharedIndex } from "../search/sharedIndex.ts";
import { LineClient, lineClientMissing } from "./lineClient.ts";

let index: CharacterIndex;
beforeAll(async () => {
  index = await sharedIndex();
});

interface Serving {
  readonly server: Server;
  /** Stops it; gives how many were told. */
  stop(): Promise<number>;
}

/** Serves while the body runs. */
function serving(
  body: (serving: Serving) => Promise<void>,
  limits: Partial<LineServerOptions> = {},
): Promise<void> {
  return run(async () => {
    const stop = new Event();
    let opened: (server: Server) => void = () => {};
    const listening = new Promise<Server>((resolve) => (opened = resolve));
    const options = { host: "127.0.0.1", port: 0, ...limits };
    const task = createTask(() => serveLines(index, options, stop, opened));
    const server = await listening;
    const end = async () => {
      stop.set();
      return await task;
    };
    await body({ server, stop: end });
    await end();
  });
}

class Client {
  readonly socket: Socket;
  heard = "";

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("error", () => {});
    this.socket.on("data", (data) => (this.heard += data.toString("utf8")));
    onTestFinished(() => void this.socket.destroy());
  }

  say(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  async hears(words: string, patienceMs = 10_000): Promise<void> {
    const end = performance.now() + patienceMs;
    while (!this.heard.includes(words)) {
      if (performance.now() > end)
        throw new Error(`did not hear ${words}, but: ${this.heard.slice(-500)}`);
      await delay(5);
    }
  }

  ended(): Promise<unknown> {
    return this.socket.readableEnded ? Promise.resolve() : once(this.socket, "end");
  }
}

const CATS = "U+1F431\t🐱\tCAT FACE";

test("a line is answered by lines and a count, then there is a prompt again", () =>
  serving(async ({ server }) => {
    const client = new Client(server.port);
    await client.hears("?> ");
    expect(client.heard).toMatch(/^charfinder: Unicode 18\.0\.0, 172,873 characters\.\r\n/);
    client.heard = "";
    client.say("face cat eyes hearts\nbell\nnowhere at all\n");
    await client.hears("0 matches for 'nowhere at all'\n?> ");
    expect(client.heard).toMatch(
      /^─── 0 matches for 'face cat eyes hearts'\n\?> U\+237E\t⍾\tBELL SYMBOL\n/,
    );
    client.say("\n");
    await client.ended();
  }));

test("telnet's bytes are understood, and answered with its line ends", () =>
  serving(async ({ server }) => {
    const client = new Client(server.port);
    client.say(Buffer.from([255, 253, 3, 255, 251, 24]));
    client.say("cat face\r\n");
    await client.hears("─── 10 matches for 'cat face'\r\n?> ");
    expect(client.heard).toContain(`${CATS}\r\n`);
    client.say(Buffer.of(4));
    await client.ended();
  }));

test.each([
  ["an empty line", "\n"],
  ["Ctrl-D", "\u0004"],
])("%s ends the conversation", (_, words) =>
  serving(async ({ server }) => {
    const client = new Client(server.port);
    client.say(words);
    await client.ended();
    expect(client.heard).toMatch(/\?> $/);
  }),
);

test("who ends without an end of line is answered first", () =>
  serving(async ({ server }) => {
    const client = new Client(server.port);
    client.socket.end("cat face");
    await client.ended();
    expect(client.heard).toContain(CATS);
    expect(client.heard).toContain("10 matches");
  }));

test("a huge answer stops at Ctrl-C", () =>
  serving(async ({ server }) => {
    const client = new Client(server.port);
    await client.hears("?> ");
    client.socket.pause();
    client.say("cjk\n");
    await delay(50);
    client.say(Buffer.of(3));
    await delay(50);
    client.socket.resume();
    await client.hears("─── stopped\n?> ");
    expect(client.heard.split("\n").length).toBeLessThan(100_000);
    client.say("cat face\n");
    await client.hears("10 matches");
  }));

test("who reads nothing holds nobody up, takes little memory and is left in the end", () =>
  serving(
    async ({ server }) => {
      const deaf = Array.from({ length: 5 }, () => new Client(server.port));
      for (const each of deaf) each.socket.pause();
      for (const each of deaf) each.say("cjk\ncjk\ncjk\n");
      await delay(100);
      const before = process.memoryUsage().rss;
      const client = new Client(server.port);
      client.say("cat face\n");
      await client.hears("10 matches", 2000);
      client.socket.end();
      await delay(300);
      expect(process.memoryUsage().rss - before).toBeLessThan(30_000_000);
      while (server.connections > 0) await delay(10);
    },
    { idleMs: 600 },
  ));

test("who says nothing is told why it ends", () =>
  serving(
    async ({ server }) => {
      const client = new Client(server.port);
      await client.ended();
      expect(client.heard).toMatch(/\?> \r\nclosing: nothing heard for too long\r\n$/);
    },
    { idleMs: 100 },
  ));

test("a line that is too long is refused, and the next one is answered", () =>
  serving(async ({ server }) => {
    const client = new Client(server.port);
    client.say(`${"cat ".repeat(1000)}\ncat face\n`);
    await client.hears("10 matches");
    expect(client.heard).toContain("the line is longer than 1024 bytes\n?> ");
  }));

test("many at once are all answered", () =>
  serving(async ({ server }) => {
    const clients = Array.from({ length: 100 }, () => new Client(server.port));
    for (const each of clients) each.say("cat face\n");
    for (const each of clients) await each.hears("10 matches");
    expect(server.connections).toBe(100);
  }));

test("one that is gone in the middle of an answer leaves nothing behind", () =>
  serving(async ({ server }) => {
    const client = new Client(server.port);
    client.say("cjk\n");
    await client.hears("U+4E00");
    client.socket.resetAndDestroy();
    while (server.connections > 0) await delay(5);
    expect(server.isServing()).toBe(true);
  }));

test("all are told when it stops, in the middle of an answer too", () =>
  serving(async ({ server, stop }) => {
    const clients = [new Client(server.port), new Client(server.port), new Client(server.port)];
    for (const each of clients) await each.hears("?> ");
    clients[0]?.say("cjk\n");
    await clients[0]?.hears("U+2E80");
    expect(await stop()).toBe(3);
    for (const each of clients) {
      await each.ended();
      expect(each.heard).toMatch(/server is shutting down\r?\n$/);
    }
  }));

test.skipIf(lineClientMissing("nc"))("netcat", () =>
  serving(async ({ server }) => {
    await using nc = new LineClient("nc", server.port);
    nc.process.stdin?.end("cat face\n\n");
    const said = await nc.ended();
    expect(said).toContain(`?> ${CATS}\n`);
    expect(said).toContain("─── 10 matches for 'cat face'\n?> ");
  }),
);

test.skipIf(lineClientMissing("telnet"))("telnet", () =>
  serving(async ({ server }) => {
    await using telnet = new LineClient("telnet", server.port);
    await telnet.shows("?> ");
    telnet.type("cat face\n");
    expect(await telnet.shows("─── 10 matches for 'cat face'")).toContain(CATS);
    telnet.type("\n");
    await telnet.ended();
  }),
);
