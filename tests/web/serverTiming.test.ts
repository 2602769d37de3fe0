/**
 * Where the time went.
 */
import { createTask, isCancelled, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { NotFound, ServerTiming, serverTiming, type TimingState } from "ambit/web";
import { describe, expect, test } from "vitest";
import { type Passage, through } from "./through.ts";

function timed(
  body: (timing: ServerTiming) => unknown,
  options: Parameters<typeof serverTiming>[0] = {},
): Promise<Passage> {
  return through(serverTiming(options), {}, async (request) => {
    await body((request.state as TimingState).timing);
    return "x";
  });
}

describe("serverTiming", () => {
  test("tells what was measured, and the total", () =>
    runVirtual(async () => {
      const { header } = await timed(async (timing) => {
        expect(await timing.measure("db", () => sleep(20, "rows"), "the users")).toBe("rows");
        await sleep(5);
        timing.add("cache", undefined, "hit");
      });
      expect(header("server-timing")).toBe(
        'db;desc="the users";dur=20, cache;desc="hit", total;dur=25',
      );
    }));

  test("what is measured several times is one entry", () =>
    runVirtual(async () => {
      const { header } = await timed(
        async (timing) => {
          for (let n = 0; n < 100; n++) await timing.measure("db", () => sleep(1));
        },
        { total: false },
      );
      expect(header("server-timing")).toBe("db;dur=100");
    }));

  test("an error page tells it too, and the time until the error counts", () =>
    runVirtual(async () => {
      const { status, header } = await timed((timing) =>
        timing.measure("db", async () => {
          await sleep(3);
          throw new NotFound();
        }),
      );
      expect([status, header("server-timing")]).toEqual([404, "db;dur=3, total;dur=3"]);
    }));

  test("is told to whom it should be", () =>
    runVirtual(async () => {
      const { header } = await timed(() => sleep(1), { when: ({ ip }) => ip === "127.0.0.1" });
      expect(header("server-timing")).toBe(null);
      expect((await timed(() => 1, { total: false })).header("server-timing")).toBe(null);
    }));
});

describe("ServerTiming", () => {
  test("a description can't end its quotes, a name must be a token", () => {
    const timing = new ServerTiming();
    timing.add("a-1", 1.23456789, 'say "hi"\\\r\n é');
    expect(String(timing)).toBe('a-1;desc="say \\"hi\\"\\\\?? ?";dur=1.235');
    expect(() => timing.add("a b")).toThrow("Expected `name` to be a token");
    expect(() => timing.add("a;b", 1)).toThrow("Expected `name`");
    expect(() => timing.add("a", NaN)).toThrow("Expected `milliseconds`");
  });

  test("a bad name is refused before the body runs", () =>
    runVirtual(async () => {
      let ran = false;
      const timing = new ServerTiming();
      await expect(timing.measure("", () => (ran = true))).rejects.toThrow("Expected `name`");
      await expect(timing.measure("a", 7 as never)).rejects.toThrow("Expected `body`");
      expect(ran).toBe(false);
    }));

  test("a cancel passes through, and the time until then is noted", () =>
    runVirtual(async () => {
      const timing = new ServerTiming();
      const task = createTask(() => timing.measure("wait", () => sleep(1000)));
      await sleep(7);
      task.cancel();
      const error: unknown = await task.then(null, (reason: unknown) => reason);
      expect(isCancelled(error)).toBe(true);
      expect(String(timing)).toBe("wait;dur=7");
    }));
});
