/**
 * Errors that come from other threads and processes: their class, what belongs to them, and where they come from. Real
 * workers, so real time.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { QueueFull, suppressedErrors, TimeoutError } from "ambit";
import { errorClass, type PoolExecutor } from "ambit/futures";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KINDS } from "./executorKinds.ts";
import cjs from "./failures.cjs";
import * as failures from "./failures.mjs";

const { NotFound } = failures;
describe.each(KINDS)("from a %s", (_, { open }) => {
  let pool: PoolExecutor;
  beforeAll(() => void (pool = open({ maxWorkers: 1 })));
  afterAll(() => pool.shutdown());

  async function thrownBy<A extends unknown[]>(
    fn: (...args: A) => unknown,
    ...args: A
  ): Promise<Error & Record<string, unknown>> {
    const call = pool.submit(fn, ...args);
    return (await call.then(
      () => expect.fail("it did not throw"),
      (error: unknown) => error,
    )) as Error & Record<string, unknown>;
  }

  test("an error is an instance of its class, with its methods and fields", async () => {
    const thrown: unknown = await thrownBy(failures.throwNotFound, "page");
    expect(thrown).toBeInstanceOf(NotFound);
    const error = thrown as InstanceType<typeof NotFound>;
    expect(error.describe()).toBe("page is not there");
    expect([error.name, error.message, error.path]).toEqual(["NotFound", "no page", "page"]);
    expect(Object.keys(error)).toEqual(["path"]);
  });

  test("a class is found under whatever name it is exported", async () => {
    const error = await thrownBy(failures.throwRenamed);
    expect(error).toBeInstanceOf(failures.GivenAnotherName);
  });

  test("an error of a class that is not exported is one of the nearest class that is", async () => {
    const error = await thrownBy(failures.throwNotExported);
    expect(Object.getPrototypeOf(error)).toBe(NotFound.prototype);
  });

  test("a class of a CommonJS module is found among its exports", async () => {
    const error = await thrownBy(cjs.print);
    expect(error).toBeInstanceOf(cjs.NoPaper);
    expect(error["sheets"]).toBe(0);
  });

  test("a module that the program has not loaded is not loaded for the sake of an error", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ambit-thrown-"));
    const journal = join(folder, "journal");
    const url = new URL("./unloadedFailure.mjs", import.meta.url);
    try {
      const there = pool.module<typeof import("./unloadedFailure.mjs")>(url);
      for (const round of [1, 2]) {
        const error = await there.throwUnloaded(journal).then(null, (thrown: unknown) => thrown);
        expect(Object.getPrototypeOf(error), `round ${round}`).toBe(RangeError.prototype);
        expect(String(error)).toBe("Unloaded: from afar");
      }
      expect(new Set(readFileSync(journal, "utf8").split(";"))).toHaveProperty("size", 2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("causes come with their classes", async () => {
    const error = await thrownBy(failures.throwWithCauses);
    expect(error.cause).toBeInstanceOf(RangeError);
    const first = (error.cause as Error).cause;
    expect(first).toBeInstanceOf(NotFound);
    expect(Object.keys(error)).toEqual([]);
  });

  test("an error that is its own cause ends somewhere", async () => {
    let depth = 0;
    let at: unknown = await thrownBy(failures.throwCircle);
    for (; at instanceof Error; at = at.cause) depth++;
    expect(depth).toBe(9);
  });

  test("the errors of an AggregateError come as errors", async () => {
    const error = await thrownBy(failures.throwMany);
    expect(error).toBeInstanceOf(AggregateError);
    const { errors } = error as unknown as AggregateError;
    expect(errors[0]).toBeInstanceOf(NotFound);
    expect(errors[1]).toBeInstanceOf(TypeError);
    expect(errors[2]).toBe("c");
  });

  test("an error of the system keeps its code, its call and its path", async () => {
    const error = await thrownBy(failures.readMissing);
    expect(error).toMatchObject({ code: "ENOENT", syscall: "open", path: "/nowhere/at/all" });
    expect(error["errno"]).toBeLessThan(0);
  });

  test("a DOMException is one", async () => {
    const error = await thrownBy(failures.throwAbort);
    expect(error).toBeInstanceOf(DOMException);
    expect([error.name, error["code"]]).toEqual(["AbortError", DOMException.ABORT_ERR]);
  });

  test("Ambit's own errors are Ambit's own", async () => {
    const error = await thrownBy(failures.throwTimeout);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error["deadlineMs"]).toBe(5);
    expect(await thrownBy(failures.throwQueueFull)).toBeInstanceOf(QueueFull);
  });

  test("errors among the fields of an error come as errors; what cannot be cloned is left out", async () => {
    const error = await thrownBy(failures.throwWithFields);
    const tries = error["tries"] as Error[];
    expect(tries.map((each) => [each instanceof NotFound, each.message])).toEqual([
      [true, "no first"],
      [true, "no second"],
    ]);
    expect(Object.keys(error)).toEqual(["tries", "when"]);
  });

  test("later errors of a group come with the first", async () => {
    const error = await thrownBy(failures.throwFromGroup);
    expect(error.message).toBe("first");
    const [later] = suppressedErrors(error);
    expect(later).toBeInstanceOf(NotFound);
  });

  test("what is thrown need not be an error", async () => {
    const value = fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true });
    await fc.assert(
      fc.asyncProperty(value, async (thrown) => {
        expect(await thrownBy(failures.throwThis, thrown)).toEqual(thrown);
      }),
      { numRuns: 50 },
    );
    expect(await thrownBy(failures.throwFunction)).toBe("[Function (anonymous)]");
  });

  test("the stack tells where it was thrown there, and where it was submitted here", async () => {
    const error = await thrownBy(failures.throwDeep, 2);
    const [head, ...lines] = (error.stack as string).split("\n");
    expect(head).toContain("no deep down");
    const border = lines.indexOf("    --- 'throwDeep' was submitted ---");
    const there = lines.slice(0, border);
    expect(there.filter((line) => line.includes("throwDeep"))).toHaveLength(3);
    expect(there.at(-1)).toContain("failures.mjs");
    expect(lines[border + 1]).toMatch(/thrownBy.*thrownErrors\.test\.ts/);
    expect(inspect(error)).toContain("was submitted");
  });

  test("calls of one turn that fail do not mix up their stacks with those of other functions", async () => {
    const first = pool.submit(failures.throwDeep, 0);
    const second = pool.submit(failures.throwRenamed);
    const third = pool.submit(failures.throwDeep, 1);
    const ends = await Promise.allSettled([first, second, third]);
    const names = ends.map((end) => {
      const { stack } = (end as PromiseRejectedResult).reason as Error;
      return /--- '(\w+)' was submitted/.exec(stack as string)?.[1];
    });
    expect(names).toEqual(["throwDeep", "throwRenamed", "throwDeep"]);
  });

  test("a class that was given a name is found by it", async () => {
    const { errorClass: there } = await import("../../dist/futures/index.js");
    expect(there).not.toBe(errorClass);
    class Local extends Error {}
    expect(errorClass("tests.Local", Local)).toBe(Local);
    const call = pool.module<typeof import("./namedFailure.mjs")>(
      new URL("./namedFailure.mjs", import.meta.url),
    );
    const error = await call.throwLocal().then(null, (thrown: unknown) => thrown);
    expect(Object.getPrototypeOf(error)).toBe(Local.prototype);
  });

  test("an error keeps what it is while the pool is shut down", async () => {
    const other = open({ maxWorkers: 1 });
    const call = other.submit(cjs.print);
    await other.shutdown();
    expect(call.exception()).toBeInstanceOf(cjs.NoPaper);
  });
});

test.each([
  ["", Error, "Expected `name`"],
  ["x", () => 1, "Expected `Class` to be a class that extends Error"],
  ["x", 5, "Expected `Class` to be a function"],
])("errorClass(%j, %s) is refused", (name, Class, words) => {
  expect(() => errorClass(name, Class as never)).toThrow(words);
});
