/*
 * What only a process of its own can show: that connections which are kept hold no program.
 *
 * Real sockets and real processes, so real time; the programs import the build.
 */
import { describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { trust } from "../streams/peers.ts";
import { RawOrigin } from "./origin.ts";
import { HttpProxy } from "./proxies.ts";
import { hangs, SecureOrigin } from "./secureOrigin.ts";

const PRELUDE = `
  import { createTask, sleep } from "ambit";
  import { ClientSession } from "ambit/http";
  const ca = ${JSON.stringify(trust.ca)};
  process.on("exit", () => console.log("ended after " + Math.floor(performance.now() / 30_000)));
`;

describe("a program at its end", () => {
  test.each([false, true])(
    "is not held by idle connections over TLS (http2: %s)",
    async (http2) => {
      await using origin = await SecureOrigin.start();
      const { code, out, err } = await runProgram(`${PRELUDE}
      const session = new ClientSession({ connector: { tls: { ca }, http2: ${http2}, keepAliveTimeout: 60_000 } });
      const texts = [1, 2, 3].map(async (n) => (await session.get("${origin.url}/" + n)).text());
      console.log((await Promise.all(texts)).join());
    `);
      expect([err, code]).toEqual(["", 0]);
      expect(out).toBe("hello /1,hello /2,hello /3\nended after 0\n");
    },
  );

  test("is not held by a tunnel that was kept, nor by a handshake that was given up", async () => {
    await using origin = await SecureOrigin.start(hangs);
    await using proxy = await HttpProxy.start();
    await using silent = await RawOrigin.start(() => undefined);
    const { code, out, err } = await runProgram(`${PRELUDE}
      const session = new ClientSession({ proxy: "${proxy.url}", connector: { tls: { ca } } });
      console.log(await (await session.get("${origin.url}/a")).text());
      const task = createTask(() => session.get("${origin.url}/b", { proxy: "${silent.url}" }));
      await sleep(20);
      task.cancel();
      await task.then(null, () => undefined);
    `);
    expect([err, code, out]).toEqual(["", 0, "hello /a\nended after 0\n"]);
  });

  test("is held by a request over HTTP/2 that is going on, until it is answered", async () => {
    await using origin = await SecureOrigin.start((_, answer) => {
      setTimeout(() => answer.end("late"), 300);
    });
    const { code, out, err } = await runProgram(`${PRELUDE}
      const session = new ClientSession({ connector: { tls: { ca }, http2: true } });
      void session.get("${origin.url}/a").then((answer) => answer.text()).then(console.log);
    `);
    expect([err, code, out]).toEqual(["", 0, "late\nended after 0\n"]);
  });
});
