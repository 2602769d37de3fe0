/*
 * The timeout of a request: one clock from when it is sent to when its body has come.
 *
 * Over real sockets, so in real time; but for the last test, which is about virtual time.
 */
import { createTask, getRunningLoop, sleep, timeout, TimeoutError } from "ambit";
import { ClientError, ClientSession, ClientTimeoutError } from "ambit/http";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { hangs, Origin, until } from "./origin.ts";

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

describe("the total timeout", () => {
  test("ends a request whose head does not come, and says so", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ timeout: 60 });
    const error = await failure(session.get(`${origin.url}/hang?token=abc`));
    expect(error).toBeInstanceOf(ClientTimeoutError);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({
      name: "ClientTimeoutError",
      message: `GET ${origin.url}/hang?token=***: timed out after 60 ms`,
      method: "GET",
      url: `${origin.url}/hang?token=***`,
      kind: "total",
      deadlineMs: 60,
    });
    await until(() => origin.open === 0);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
    const on = await session.get(`${origin.url}/on`, { timeout: Infinity });
    expect(await on.text()).toBe("hello /on");
  });

  test.each(["bytes", "text", "json"] as const)(
    "ends a body that does not come, in %s",
    async (read) => {
      await using origin = await Origin.start(hangs);
      await using session = new ClientSession({ timeout: { total: 100 } });
      const response = await session.get(`${origin.url}/half`);
      expect(await failure(response[read]())).toBeInstanceOf(ClientTimeoutError);
      expect(await failure(response[read]())).toBeInstanceOf(ClientTimeoutError);
      await until(() => origin.aborted.length === 1);
      expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
    },
  );

  test("ends a stream after the chunks that came in time", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ timeout: 100 });
    const chunks: string[] = [];
    const work = (async () => {
      for await (const chunk of (await session.get(`${origin.url}/half`)).body) {
        chunks.push(Buffer.from(chunk).toString());
      }
    })();
    expect(await failure(work)).toBeInstanceOf(ClientTimeoutError);
    expect(chunks).toEqual(["x"]);
  });

  test("gives back the connection of a response that nobody reads, and is told to who reads on", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 1, timeout: 100 });
    const response = await session.get(`${origin.url}/half`);
    await until(() => session.statistics().open === 0);
    await until(() => origin.open === 0);
    const { body } = response;
    expect(await body.next()).toMatchObject({ done: false });
    expect(await failure(body.next())).toBeInstanceOf(ClientTimeoutError);
  });

  test("is one clock for head and body", async () => {
    await using origin = await Origin.start((_, answer) => {
      setTimeout(() => void answer.write("x"), 50);
    });
    await using session = new ClientSession({ timeout: 90 });
    // Two clocks would end it after 50 + 90 at the earliest. The loop's timers go off in order,
    // however busy the machine is.
    const late = createTask(() => sleep(130, "late"), { eager: true });
    const work = failure(session.get(origin.url).then((answer) => answer.text()));
    expect(await Promise.race([work, late])).toBeInstanceOf(ClientTimeoutError);
    await late;
  });

  test("of a request goes before that of the session", async () => {
    await using origin = await Origin.start((_, answer) => {
      setTimeout(() => answer.end("late"), 30);
    });
    await using session = new ClientSession({ timeout: 1 });
    const patient = await session.get(origin.url, { timeout: Infinity });
    expect(await patient.text()).toBe("late");
    expect(await failure(session.get(origin.url))).toBeInstanceOf(ClientTimeoutError);
    await using hasty = new ClientSession();
    expect(await failure(hasty.get(origin.url, { timeout: { total: 1 } }))).toBeInstanceOf(
      TimeoutError,
    );
  });

  test("does not run while the request is queued", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 1, timeout: 50 });
    const first = await session.get(`${origin.url}/half`, { timeout: Infinity });
    const second = session.get(`${origin.url}/second`);
    await sleep(70);
    first.release();
    expect(await (await second).text()).toBe("hello /second");
  });
});

test("an outer timeout is the outer one's, and closes the request", async () => {
  await using origin = await Origin.start(hangs);
  await using session = new ClientSession();
  const error = await failure(timeout(40, () => session.get(`${origin.url}/hang`)));
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).not.toBeInstanceOf(ClientTimeoutError);
  await until(() => origin.open === 0);
});

test("virtual time stands still while the network is waited for", async () => {
  await using origin = await Origin.start((request, answer) => {
    answer.write("x");
    setTimeout(() => answer.end("y"), 20);
  });
  await runVirtual(async () => {
    await using session = new ClientSession({ timeout: 5 });
    const begin = getRunningLoop().time();
    // 20 real milliseconds pass, and none of the five.
    expect(await (await session.get(origin.url)).text()).toBe("xy");
    expect(getRunningLoop().time()).toBe(begin);
  });
});
