/**
 * What the compiler must know about flow: for each generic one use that it accepts, with the type
 * it gives, and one that it refuses. Checked by tests/project/types.test.ts; never run.
 */
import {
  aclosing,
  after,
  any,
  type Closing,
  Event,
  type Guard,
  Lock,
  mapConcurrent,
  openChannel,
  Queue,
  race,
  RateLimiter,
  retry,
  select,
  sleep,
  staggeredRace,
  type Task,
} from "ambit";
import { expectTypeOf, test } from "vitest";

declare const task: Task<number>;
declare const numbers: AsyncGenerator<number, boolean, void>;

test("mapConcurrent gives what the function gives, awaited", async () => {
  const results = mapConcurrent([1, 2], (n, index) => sleep(n, `${n} ${index}`), { limit: 2 });
  for await (const result of results) expectTypeOf(result).toEqualTypeOf<string>();
  expectTypeOf(results).toExtend<AsyncDisposable>();
  const atOnce = mapConcurrent(new Set(["a"]), (text) => text.length, { limit: 2 });
  for await (const result of atOnce) expectTypeOf(result).toEqualTypeOf<number>();
});

test("mapConcurrent takes async sources, its own results among them", async () => {
  const doubled = mapConcurrent(numbers, (n) => n * 2, { limit: 2, ordered: false });
  for await (const text of mapConcurrent(doubled, String, { limit: 1 })) {
    expectTypeOf(text).toEqualTypeOf<string>();
  }
});

test("mapConcurrent refuses other items, other functions, and no limit", () => {
  // @ts-expect-error -- the function takes numbers
  void mapConcurrent(["a"], (n: number) => n, { limit: 1 });
  // @ts-expect-error -- a number is no iterable
  void mapConcurrent(3, () => 1, { limit: 1 });
  // @ts-expect-error -- how many at a time is for the caller to say
  void mapConcurrent([1], () => 1, {});
  expectTypeOf(mapConcurrent<number, string>)
    .parameter(2)
    .not.toExtend<undefined>();
});

test("race and any give one of what their items give", () => {
  expectTypeOf(race([task, async () => "a", () => true, Promise.resolve(null)])).toEqualTypeOf<
    Promise<number | string | boolean | null>
  >();
  expectTypeOf(any([task, async () => "a"])).toEqualTypeOf<Promise<number | string>>();
  // @ts-expect-error -- a value is nothing to wait for
  void race([1]);
  // @ts-expect-error -- a value is nothing to wait for
  void any(["a"]);
});

test("retry gives what the operation gives, awaited", () => {
  expectTypeOf(retry(async (attempt) => attempt)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(retry(() => "at once", { attempts: 2 })).toEqualTypeOf<Promise<string>>();
  // @ts-expect-error -- options are checked by name
  void retry(() => 1, { tries: 2 });
});

test("aclosing keeps the type of the items", async () => {
  expectTypeOf(aclosing(numbers)).toEqualTypeOf<Closing<number>>();
  for await (const n of aclosing(numbers)) expectTypeOf(n).toEqualTypeOf<number>();
  // @ts-expect-error -- an array's iterator is no async generator
  void aclosing([1].values());
});

test("a rate limiter wants a rate", () => {
  expectTypeOf(new RateLimiter({ rate: 1 }).acquire()).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error -- without a rate there is no limit
  void new RateLimiter({ burst: 1 });
});

test("select gives a name and the value that goes with it", async () => {
  const { sender, receiver } = openChannel<boolean>(0);
  const chosen = await select({
    job: new Queue<string>(),
    sent: sender.sending(true),
    got: receiver,
    lock: new Lock(),
    stop: new Event(),
    late: after(10),
    task,
    promise: Promise.resolve(null),
    fn: async () => "text" as const,
  });
  expectTypeOf(chosen).toEqualTypeOf<
    | { readonly name: "job"; readonly value: string }
    | { readonly name: "sent"; readonly value: void }
    | { readonly name: "got"; readonly value: boolean }
    | { readonly name: "lock"; readonly value: Guard }
    | { readonly name: "stop"; readonly value: void }
    | { readonly name: "late"; readonly value: undefined }
    | { readonly name: "task"; readonly value: number }
    | { readonly name: "promise"; readonly value: null }
    | { readonly name: "fn"; readonly value: "text" }
  >();
  if (chosen.name === "job") expectTypeOf(chosen.value).toEqualTypeOf<string>();
});

test("select refuses what is no clause, and a giveBack for another value", () => {
  // @ts-expect-error -- a number is nothing to wait for
  void select({ late: 1000 });
  // @ts-expect-error -- an item of another type
  void select({ put: new Queue<string>().putting(1) });
  const options = { giveBack: { fn: (value: number): string => value.toFixed() } };
  expectTypeOf(select({ fn: async () => 1 }, options)).toEqualTypeOf<
    Promise<{ readonly name: "fn"; readonly value: number }>
  >();
  // @ts-expect-error -- the function gives a number
  void select({ fn: async () => 1 }, { giveBack: { fn: (value: string) => value } });
  // @ts-expect-error -- there is no such clause
  void select({ fn: async () => 1 }, { giveBack: { other: () => {} } });
});

test("a staggered race has a winner's value, or none", async () => {
  const outcome = await staggeredRace([async () => 1, () => "text"], { delay: 5 });
  expectTypeOf(outcome.errors).toEqualTypeOf<readonly unknown[]>();
  if (outcome.index === null) expectTypeOf(outcome.winner).toEqualTypeOf<undefined>();
  else expectTypeOf(outcome.winner).toEqualTypeOf<string | number>();
  // @ts-expect-error -- a promise has started already
  void staggeredRace([Promise.resolve(1)]);
});
