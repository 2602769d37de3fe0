/*
 * A body that is sent only when the server wants it: `expectContinue`.
 *
 * Over real sockets, so in real time: what is tested is what goes over them, and when.
 */
import { createTask, sleep } from "ambit";
import { ClientSession } from "ambit/http";
import { createServer } from "node:http";
import { type AddressInfo, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { Origin, RawOrigin, until } from "./origin.ts";

/** A server that does with each connection what it likes, and what it heard of the requests. */
async function hearing(
  onHead: (socket: Socket) => void,
): Promise<{ origin: RawOrigin; heard: () => string }> {
  let text = "";
  const origin = await RawOrigin.accept((socket) => {
    let head = false;
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (head || !text.includes("\r\n\r\n")) return;
      head = true;
      onHead(socket);
    });
  });
  return { origin, heard: () => text };
}

async function* chunks(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("one");
  yield Buffer.from("two");
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

describe("a body that waits for a 100", () => {
  test.each([
    ["whole", "onetwo", "content-length: 6\r\nexpect: 100-continue\r\n\r\n", "onetwo"],
    [
      "in chunks",
      chunks,
      "transfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n",
      "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
    ],
  ])("%s is sent after it, and not before", async (_, body, head, sent) => {
    let before = "";
    const { origin, heard } = await hearing((socket) => {
      setTimeout(() => {
        before = heard();
        socket.write(CONTINUE);
      }, 30);
      const timer = setInterval(() => {
        if (!heard().endsWith(sent)) return;
        clearInterval(timer);
        socket.write(OK);
      }, 1);
    });
    await using hold = origin;
    expect(hold.url).toContain("http:");
    await using session = new ClientSession();
    const content = typeof body === "string" ? body : body();
    const options = { body: content, expectContinue: 5000 };
    expect(await (await session.put(origin.url, options)).text()).toBe("ok");
    expect(before.endsWith(head)).toBe(true);
    expect(heard()).toBe(before + sent);
    // The connection serves others.
    expect(session.statistics()).toMatchObject({ open: 0, connections: 1 });
  });

  test("is spared when the answer comes instead, and the connection is closed", async () => {
    const { origin, heard } = await hearing((socket) => {
      socket.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
    });
    await using hold = origin;
    expect(hold.url).toContain("http:");
    await using session = new ClientSession();
    const response = await session.put(origin.url, { body: "SECRET", expectContinue: true });
    expect([response.status, await response.text()]).toEqual([401, "no"]);
    await until(() => session.statistics().connections === 0);
    expect(heard()).not.toContain("SECRET");
  });

  test("is sent when the server says nothing for long enough, and a late 100 does no harm", async () => {
    const { origin, heard } = await hearing((socket) => {
      const timer = setInterval(() => {
        if (!heard().endsWith("body")) return;
        clearInterval(timer);
        socket.write(CONTINUE);
        setTimeout(() => socket.write(OK), 10);
      }, 1);
    });
    await using hold = origin;
    expect(hold.url).toContain("http:");
    await using session = new ClientSession();
    const response = await session.put(origin.url, { body: "body", expectContinue: 20 });
    expect(await response.text()).toBe("ok");
  });

  test.each(["split", "joined"])("understands a 100 that comes %s", async (how) => {
    const { origin } = await hearing((socket) => {
      if (how === "joined") return void socket.write(CONTINUE + OK);
      socket.setNoDelay();
      socket.write(CONTINUE.slice(0, 11));
      setTimeout(() => socket.write(CONTINUE.slice(11)), 10);
      setTimeout(() => socket.write(OK), 20);
    });
    await using hold = origin;
    expect(hold.url).toContain("http:");
    await using session = new ClientSession();
    const response = await session.put(origin.url, { body: "body", expectContinue: 5000 });
    expect(await response.text()).toBe("ok");
  });

  test("that is empty is not asked for", async () => {
    await using origin = await Origin.start((request, answer) => {
      answer.end(String(request.headers["expect"]));
    });
    await using session = new ClientSession();
    const response = await session.put(origin.url, { body: "", expectContinue: true });
    expect(await response.text()).toBe("undefined");
    expect(await (await session.get(origin.url, { expectContinue: true })).text()).toBe(
      "undefined",
    );
  });

  test("that is big is sent with back-pressure, over the server of Node", async () => {
    const server = createServer();
    server.on("checkContinue", (request, answer) => {
      answer.writeContinue();
      let size = 0;
      request.on("data", (data: Buffer) => (size += data.length));
      request.on("end", () => answer.end(String(size)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    async function* big(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 50; i++) yield new Uint8Array(100_000);
    }
    await using session = new ClientSession();
    for (const body of [big(), new Uint8Array(5_000_000)]) {
      const response = await session.post(url, { body, expectContinue: 5000 });
      expect(await response.text()).toBe("5000000");
    }
    expect(session.statistics().connections).toBe(1);
    await session.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test("is closed, unsent, when the request is cancelled", async () => {
    const { origin, heard } = await hearing(() => undefined);
    await using hold = origin;
    expect(hold.url).toContain("http:");
    await using session = new ClientSession();
    let closed = false;
    async function* body(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from("one");
        yield Buffer.from("two");
      } finally {
        closed = true;
      }
    }
    const task = createTask(() =>
      session.post(origin.url, { body: body(), expectContinue: 60_000 }),
    );
    await until(() => heard().includes("\r\n\r\n"));
    task.cancel();
    await expect((async () => task)()).rejects.toThrow("cancelled");
    await until(() => closed);
    await sleep(5);
    expect(heard()).not.toContain("one");
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });

  test.each([[0], ["1"], [NaN]])("is not asked for so: %o", async (expectContinue) => {
    await using session = new ClientSession();
    const work = session.put("http://a.test/", { expectContinue: expectContinue as number });
    await expect(work).rejects.toThrow("Expected `options.expectContinue` to be");
  });
});
