/*
 * What only a process of its own can show: when undici is loaded, and that nothing keeps the
 * process alive.
 *
 * Real sockets and real processes, so real time; the programs import the build.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, runProgram } from "../core/childProgram.ts";
import { hangs, Origin } from "./origin.ts";

let origin: Origin;
beforeAll(async () => {
  origin = await Origin.start(hangs);
});
afterAll(() => origin[Symbol.asyncDispose]());

/** Runs a program that has `session` and `url`; at its end it prints what keeps it alive. */
function runWithSession(source: string): Promise<Ended> {
  return runProgram(`
    import { createTask, sleep } from "ambit";
    import { ClientSession } from "ambit/http";
    const session = new ClientSession();
    const url = ${JSON.stringify(origin.url)};
    ${source}
    const held = process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY/.test(name));
    console.log("held by: " + held);
  `);
}

describe("a process", () => {
  test("is held by nothing when its session is closed, whatever that was doing", async () => {
    const { code, out, err } = await runWithSession(`
      await (await session.get(url)).text();
      (await session.get(url + "/half")).release();
      const unread = await session.get(url + "/half");
      const task = createTask(() => session.get(url + "/hang"));
      const doomed = session.get(url + "/hang").catch((error) => console.log(error.name));
      await sleep(20);
      task.cancel();
      await session.close();
      await doomed;
    `);
    expect([err, code, out]).toEqual(["", 0, "SessionClosedError\nheld by: \n"]);
  });

  test("is held by nothing when its session is closed while it connects", async () => {
    const { code, out, err } = await runWithSession(`
      const doomed = session.get(url).catch((error) => console.log(error.name));
      await session.close();
      await doomed;
    `);
    expect([err, code, out]).toEqual(["", 0, "SessionClosedError\nheld by: \n"]);
  });

  test("is held by nothing when its session is idle, though it was not closed", async () => {
    const { code, out, err } = await runWithSession(`
      await (await session.get(url)).text();
      await sleep(1);
    `);
    expect([err, code, out]).toEqual(["", 0, "held by: \n"]);
  });

  test("is not held by a request that was cancelled while it could not connect", async () => {
    const { code, out, err } = await runWithSession(`
      // Nobody answers there (TEST-NET-1), but for a network that says so at once.
      const task = createTask(() => session.get("http://192.0.2.1/"), { eager: true });
      await sleep(0);
      task.cancel();
      await task.then(null, () => undefined);
      console.log(session.statistics().open);
      await sleep(1);
    `);
    expect([err, code, out]).toEqual(["", 0, "0\nheld by: \n"]);
  });

  test("does not load undici before the first connection is there", async () => {
    const { code, out, err } = await runProgram(`
      import { createRequire } from "node:module";
      import { ClientSession } from "ambit/http";
      const { cache } = createRequire(import.meta.url);
      const loaded = () => Object.keys(cache).some((file) => /undici/.test(file));
      const session = new ClientSession();
      await session.get("no url").catch((error) => console.log(error.name, loaded()));
      await session.get("http://127.0.0.1:1/").catch((error) => console.log(error.name, loaded()));
      console.log((await session.get("${origin.url}")).status, loaded());
    `);
    expect([err, code]).toEqual(["", 0]);
    expect(out).toBe("InvalidUrlError false\nConnectorError false\n200 true\n");
  });

  test("does not have Node load its own fetch, for a download neither", async () => {
    const { code, out, err } = await runProgram(`
      import { ClientSession } from "ambit/http";
      import { downloadAll } from "ambit/download";
      const loaded = () => process.moduleLoadList.some((name) => name.endsWith("deps/undici/undici"));
      const session = new ClientSession();
      const response = await session.get("${origin.url}", { headers: { accept: "*/*" } });
      console.log(typeof downloadAll, await response.text() !== "", loaded());
      console.log(typeof Headers, loaded());
    `);
    expect([err, code]).toEqual(["", 0]);
    expect(out).toBe("function true false\nfunction true\n");
  });
});
