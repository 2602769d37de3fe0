/**
 * What the compiler must know about the core: for each generic one use that it accepts, with the
 * type it gives, and one that it refuses. Checked by tests/project/types.test.ts; never run.
 */
import {
  ALL_COMPLETED,
  asCompleted,
  cancellable,
  ContextVar,
  createTask,
  ensureFuture,
  Future,
  gather,
  getRunningLoop,
  moveOnAfter,
  protect,
  run,
  shield,
  sleep,
  suspend,
  type Task,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "ambit";
import { expectTypeOf, test } from "vitest";

declare const task: Task<number>;
declare const text: Promise<string>;

test("run gives what main gives, awaited", () => {
  expectTypeOf(run(async () => 42)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(run(() => "at once")).toEqualTypeOf<Promise<string>>();
  // @ts-expect-error -- the call has started the work already: the function itself is wanted
  void run(text);
});

test("a callback's arguments are checked against it", () => {
  const loop = getRunningLoop();
  const callback = (name: string, count: number): string => name.repeat(count);
  loop.callSoon(callback, { args: ["a", 2] });
  loop.callLater(1, callback, { args: ["a", 2] });
  loop.callAt(1, callback, { args: ["a", 2] });
  loop.callSoon(() => {});
  loop.callSoon((...all: number[]) => expectTypeOf(all).toEqualTypeOf<number[]>(), { args: [1] });
  // @ts-expect-error -- it wants a count
  loop.callSoon(callback, { args: ["a"] });
  // @ts-expect-error -- it wants arguments
  loop.callLater(1, callback);
});

test("a task has the type of its body's result, and is awaited to it", async () => {
  expectTypeOf(createTask(async () => 42)).toEqualTypeOf<Task<number>>();
  expectTypeOf(await task).toEqualTypeOf<number>();
  expectTypeOf(task.result()).toEqualTypeOf<number>();
  // @ts-expect-error -- a misspelt option
  void createTask(async () => 42, { nam: "worker" });
});

test("a future takes results of its own type only", () => {
  const future = new Future<number>();
  expectTypeOf(future.result()).toEqualTypeOf<number>();
  // @ts-expect-error -- a string is no number
  future.setResult("42");
});

test("gather keeps the place and type of each item", async () => {
  const results = await gather([task, text, (): boolean => true]);
  expectTypeOf(results).toEqualTypeOf<[number, string, boolean]>();
  const mixed = await gather([task, text], { returnExceptions: true });
  expectTypeOf(mixed).toEqualTypeOf<[number | Error, string | Error]>();
  const many: Task<number>[] = [];
  expectTypeOf(await gather(many)).toEqualTypeOf<number[]>();
  // @ts-expect-error -- a number is nothing to wait for
  void gather([1]);
});

test("wait gives back the futures it was given, with their types", async () => {
  const { done, pending } = await wait([task], { returnWhen: ALL_COMPLETED });
  expectTypeOf([...done]).toEqualTypeOf<Task<number>[]>();
  expectTypeOf([...pending]).toEqualTypeOf<Task<number>[]>();
  // @ts-expect-error -- as in asyncio, functions are not started here
  void wait([async () => 42]);
});

test("asCompleted takes what gather takes", () => {
  expectTypeOf(asCompleted([task])).toExtend<AsyncIterable<unknown>>();
  // @ts-expect-error -- a number is nothing to wait for
  asCompleted([1]);
});

test("what bounds a body passes its result on", async () => {
  expectTypeOf(await timeout(5, () => text)).toEqualTypeOf<string>();
  expectTypeOf(await waitFor(task, 5)).toEqualTypeOf<number>();
  expectTypeOf(await waitFor(async () => 42, 5)).toEqualTypeOf<number>();
  expectTypeOf(await shield(task)).toEqualTypeOf<number>();
  expectTypeOf(await protect(async () => "kept")).toEqualTypeOf<string>();
  // @ts-expect-error -- the time comes second
  void waitFor(5, task);
});

test("a body that was cut short has no value", async () => {
  const cut = await moveOnAfter(5, () => text);
  // @ts-expect-error -- the value may be missing: whether it was cut must be asked first
  expectTypeOf(cut.value).toEqualTypeOf<string>();
});

test("a group gives what its body gives, and its children their own types", async () => {
  const result = await taskGroup(async (group) => {
    const child = group.spawn(() => text);
    expectTypeOf(child).toEqualTypeOf<Task<string>>();
    return 42;
  });
  expectTypeOf(result).toEqualTypeOf<number>();
  // @ts-expect-error -- a promise cannot be spawned, it runs already
  void taskGroup(async (group) => group.spawn(text));
});

test("sleep gives its value, or nothing", async () => {
  expectTypeOf(await sleep(1, "later")).toEqualTypeOf<string>();
  expectTypeOf(await sleep(1)).toEqualTypeOf<void>();
  // @ts-expect-error -- milliseconds are a number
  void sleep("1");
});

test("suspend ties the wait and the target to their types", async () => {
  expectTypeOf(
    await suspend<number>((waiting) => void waiting.resolve(42)),
  ).toEqualTypeOf<number>();
  // @ts-expect-error -- a string is no number
  void suspend<number>((waiting) => void waiting.resolve("42"));
});

test("foreign work keeps its type", async () => {
  expectTypeOf(await cancellable((signal) => fetch("/", { signal }))).toEqualTypeOf<Response>();
  expectTypeOf(await cancellable(text)).toEqualTypeOf<string>();
  expectTypeOf(ensureFuture(text)).toEqualTypeOf<Future<string>>();
  // @ts-expect-error -- a number is no work
  void cancellable(42);
});

test("a context variable has one type", () => {
  const user = new ContextVar<string>("user");
  expectTypeOf(user.get()).toEqualTypeOf<string>();
  // @ts-expect-error -- a number is no string
  user.set(42);
});

test("start gives what the child says; a discarding group hands out no tasks", async () => {
  await taskGroup(async (group) => {
    const port = group.start(async (started: (port: number) => void) => started(8080));
    expectTypeOf(port).toEqualTypeOf<Promise<number>>();
    expectTypeOf(group.spawn(async () => 42)).toEqualTypeOf<Task<number>>();
  });
  const options = { discarding: true } as const;
  await taskGroup(
    (group) => expectTypeOf(group.spawn(async () => 42)).toEqualTypeOf<void>(),
    options,
  );
  // @ts-expect-error -- a misspelt option
  void taskGroup(() => {}, { supervisr: true });
});
