/**
 * What is moved to another thread and back. Real threads, so real time.
 */
import { run } from "ambit";
import { ThreadPoolExecutor, transfer, WorkerLostError } from "ambit/futures";
import { expect, test } from "vitest";
import { leaving, leftHere, lengthOf, makeBytes, sameBytes } from "./tasks.mjs";

function withPool(body: (pool: ThreadPoolExecutor) => Promise<void>): Promise<void> {
  return run(async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    await body(pool);
  });
}

test("an argument that is marked is moved, another is copied", () =>
  withPool(async (pool) => {
    const moved = new Uint8Array(1000);
    const copied = new Uint8Array(1000);
    expect(await pool.submit(lengthOf, transfer(moved))).toBe(1000);
    expect(await pool.submit(lengthOf, copied)).toBe(1000);
    expect([moved.byteLength, copied.byteLength]).toEqual([0, 1000]);
  }));

test("a result that is marked is moved", () =>
  withPool(async (pool) => {
    const bytes = await pool.submit(makeBytes, 1000);
    expect([bytes.byteLength, bytes[999], await pool.submit(leftHere)]).toEqual([1000, 7, 0]);
  }));

test("many calls of one batch move what is theirs", () =>
  withPool(async (pool) => {
    const all = Array.from({ length: 300 }, (_, size) => new Uint8Array(size + 1));
    const lengths = await Promise.all(all.map((bytes) => pool.submit(lengthOf, transfer(bytes))));
    expect(lengths).toEqual(all.map((_, size) => size + 1));
    expect(all.every((bytes) => bytes.byteLength === 0)).toBe(true);
  }));

test("what is inside of an argument is named", () =>
  withPool(async (pool) => {
    const bytes = new Uint8Array(10);
    const wrapped = transfer({ byteLength: 5, bytes }, [bytes.buffer]);
    expect(await pool.submit(lengthOf, wrapped as never)).toBe(5);
    expect(bytes.byteLength).toBe(0);
  }));

test("a call that is cancelled before it was sent has moved nothing", () =>
  withPool(async (pool) => {
    const bytes = new Uint8Array(10);
    const call = pool.submit(lengthOf, transfer(bytes));
    call.cancel();
    await Promise.allSettled([call]);
    await pool.submit(lengthOf, new Uint8Array(1));
    expect(bytes.byteLength).toBe(10);
  }));

test("what can't be moved is refused at the call, with its neighbours unharmed", () =>
  withPool(async (pool) => {
    const wrong = pool.submit(lengthOf, transfer({ byteLength: 1 }, [{} as never]) as never);
    const right = pool.submit(lengthOf, new Uint8Array(3));
    await expect(wrong).rejects.toThrow(TypeError);
    expect(await right).toBe(3);
  }));

test("what was moved before is refused, an argument or a result, and nobody waits for it", () =>
  withPool(async (pool) => {
    const bytes = transfer(new Uint8Array(10));
    const right = pool.submit(lengthOf, transfer(new Uint8Array(0)));
    expect(await pool.submit(lengthOf, bytes)).toBe(10);
    await expect(pool.submit(lengthOf, bytes)).rejects.toMatchObject({
      message: expect.stringContaining("args[0] cannot be cloned"),
      cause: { message: expect.stringContaining("nothing is left here") },
    });
    expect(await right).toBe(0);
    expect(await pool.submit(sameBytes)).toHaveLength(5);
    await expect(pool.submit(sameBytes)).rejects.toThrow("the result cannot be cloned");
  }));

test("calls whose arguments were moved to a thread that is lost are not given to another", () =>
  withPool(async (pool) => {
    // Its function is known to be quick, so that further calls are sent ahead of it.
    for (let at = 0; at < 50; at++) await pool.submit(lengthOf, new Uint8Array(1));
    const ends = await Promise.allSettled([
      pool.submit(leaving),
      pool.submit(lengthOf, transfer(new Uint8Array(10))),
    ]);
    expect(ends[0]?.status).toBe("rejected");
    const second = ends[1];
    // It was sent ahead and is lost, or was kept back and has run: never has it run with nothing in it.
    const outcome = second?.status === "fulfilled" ? second.value : second?.reason;
    expect(outcome === 10 || outcome instanceof WorkerLostError).toBe(true);
  }));

test.each([
  ["text", "Expected `value`"],
  [new Uint8Array(new SharedArrayBuffer(8)), "not shared"],
])("transfer of %s is refused", (value, words) => {
  expect(() => transfer(value as object)).toThrow(words);
});
