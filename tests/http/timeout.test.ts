/*
 * The timeouts of a request: one clock from when it is sent to when its body has come, one until it
 * has a connection, one for how long the server may be silent. (That of connecting is tested with
 * the connector.)
 *
 * Over real sockets, so in real time; but for the last test, which is about virtual time.
 */
import { createTask, getRunningLoop, sleep, timeout, TimeoutError } from "ambit";
import { ClientError, ClientSession, ClientTimeoutError } from "ambit/http";
import { runVirtual } from "ambit/testing";
import { describe, expect, test, vi } from "vitest";
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

describe("the connect timeout", () => {
  test("ends a request that waits too long for its turn", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ limit: 1, timeout: { connect: 40 } });
    const first = await session.get(`${origin.url}/half`);
    const error = await failure(session.get(`${origin.url}/second`));
    expect(error).toMatchObject({
      name: "ClientTimeoutError",
      kind: "connect",
      deadlineMs: 40,
      message: `GET ${origin.url}/second: no connection after 40 ms`,
    });
    expect(session.statistics()).toMatchObject({ open: 1, queued: 0 });
    // The one that has its connection is not concerned.
    await sleep(20);
    expect(await first.body.next()).toMatchObject({ done: false });
    first.release();
    expect(origin.seen).toEqual(["GET /half"]);
  });

  test("does not run on once there is a connection, new or used", async () => {
    await using origin = await Origin.start((_, answer) => {
      setTimeout(() => answer.end("late"), 230);
    });
    await using session = new ClientSession({ timeout: { connect: 200 } });
    for (let i = 0; i < 2; i++) expect(await (await session.get(origin.url)).text()).toBe("late");
  });
});

describe("the socketRead timeout", () => {
  test("ends a request whose server says nothing", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ timeout: { socketRead: 40 } });
    const error = await failure(session.get(`${origin.url}/hang`));
    expect(error).toMatchObject({
      kind: "socketRead",
      message: `GET ${origin.url}/hang: nothing came for 40 ms`,
    });
    const response = await session.get(`${origin.url}/half`);
    expect(await failure(response.text())).toMatchObject({ kind: "socketRead", deadlineMs: 40 });
    await until(() => origin.open === 0);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });

  test("begins anew with each piece, however long the whole takes", async () => {
    await using origin = await Origin.start((_, answer) => {
      let left = 30;
      const timer = setInterval(() => {
        answer.write("x");
        if (--left === 0) {
          clearInterval(timer);
          answer.end();
        }
      }, 25);
    });
    await using session = new ClientSession({ timeout: { socketRead: 500 } });
    expect(await (await session.get(origin.url)).text()).toBe("x".repeat(30));
  });

  test("stands while nobody reads", async () => {
    const size = 4_000_000;
    await using origin = await Origin.start((_, answer) => answer.end(Buffer.alloc(size)));
    await using session = new ClientSession({ timeout: { socketRead: 250 } });
    let got = 0;
    const response = await session.get(origin.url);
    for await (const chunk of response.body) {
      if (got === 0) await sleep(300);
      got += chunk.length;
    }
    expect(got).toBe(size);
  });

  test("does not begin anew for who reads on after the end", async () => {
    await using origin = await Origin.start((_, answer) => answer.end(Buffer.alloc(4_000_000)));
    await using session = new ClientSession({ timeout: { total: 100, socketRead: 250 } });
    const { body } = await session.get(origin.url);
    await until(() => session.statistics().open === 0);
    const schedule = vi.spyOn(getRunningLoop(), "schedule");
    let got = 0;
    const work = (async () => {
      for await (const chunk of body) got += chunk.length;
    })();
    expect(await failure(work)).toMatchObject({ kind: "total" });
    expect(got).toBeGreaterThan(64 * 1024);
    expect(schedule).not.toHaveBeenCalled();
    schedule.mockRestore();
  });

  test("stands while a body is sent, and begins when it was", async () => {
    await using origin = await Origin.start((request, answer) => {
      request.resume().on("end", () => {
        if (request.url === "/fine") answer.end("fine");
      });
    });
    async function* slow(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 3; i++) {
        await sleep(60);
        yield new Uint8Array(1);
      }
    }
    await using session = new ClientSession({ timeout: { socketRead: 150 } });
    const fine = await session.post(`${origin.url}/fine`, { body: slow() });
    expect(await fine.text()).toBe("fine");
    const error = await failure(session.post(`${origin.url}/hang`, { body: slow() }));
    expect(error).toMatchObject({ kind: "socketRead" });
  });
});

describe("a timeout of a request", () => {
  test("takes what it leaves out from the session's", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({ timeout: { total: 40, socketRead: 5000 } });
    const own = { timeout: { connect: 1000 } };
    expect(await failure(session.get(`${origin.url}/hang`, own))).toMatchObject({ kind: "total" });
    const patient = { timeout: { total: Infinity, socketRead: 30 } };
    expect(await failure(session.get(`${origin.url}/hang`, patient))).toMatchObject({
      kind: "socketRead",
    });
  });

  test.each([
    [{ connect: 0 }, "Expected `options.timeout.connect` to be more than 0 milliseconds"],
    [{ socketRead: NaN }, "Expected `options.timeout.socketRead` to be more than 0 milliseconds"],
    [{ socketConnect: "1" }, "Expected `options.timeout.socketConnect` to be a number"],
  ])("cannot be %o", (timeoutOption, message) => {
    expect(() => new ClientSession({ timeout: timeoutOption as never })).toThrow(message);
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
