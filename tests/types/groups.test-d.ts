/**
 * What the compiler must know about joined groups and groups of errors: for each generic one use that it accepts, with
 * the type it gives, and one that it refuses. Checked by tests/project/types.test.ts; never run.
 */
import {
  ExceptionGroup,
  type JoinedTaskGroup,
  type Joiner,
  joiners,
  sleep,
  type Task,
  taskGroup,
} from "ambit";
import { expectTypeOf, test } from "vitest";

test("a joined group gives what its joiner gives", () => {
  const body = (group: JoinedTaskGroup<number>): void => void group.spawn(() => sleep(1, 1));
  expectTypeOf(taskGroup(body, { joiner: joiners.all<number>() })).toEqualTypeOf<
    Promise<number[]>
  >();
  expectTypeOf(taskGroup(body, { joiner: joiners.any<number>(), timeout: 5 })).toEqualTypeOf<
    Promise<number>
  >();
  expectTypeOf(taskGroup(body, { joiner: joiners.allSettled<number>() })).toEqualTypeOf<
    Promise<PromiseSettledResult<number>[]>
  >();
  expectTypeOf(
    taskGroup(body, { joiner: joiners.until<number>((task) => task.result() > 1) }),
  ).toEqualTypeOf<Promise<Task<number>[]>>();
});

test("what is spawned into it has to fit the joiner, and keeps its own type", () => {
  const joiner: Joiner<number | string, boolean> = { result: () => true };
  const work = taskGroup(
    (group) => {
      expectTypeOf(group).toEqualTypeOf<JoinedTaskGroup<number | string>>();
      expectTypeOf(group.spawn(async () => "text")).toEqualTypeOf<Task<string>>();
      // @ts-expect-error -- the joiner takes numbers and strings
      group.spawn(async () => true);
      // @ts-expect-error -- what a joined group returns is for its joiner to say
      group.cancel();
    },
    { joiner },
  );
  expectTypeOf(work).toEqualTypeOf<Promise<boolean>>();
  // @ts-expect-error -- a deadline is for groups that are joined
  void taskGroup(() => {}, { timeout: 5 });
});

test("a group without a joiner gives what its body gives, as before", () => {
  expectTypeOf(taskGroup(async (group) => group.spawn(async () => 1))).toEqualTypeOf<
    Promise<number>
  >();
  expectTypeOf(taskGroup(() => "text", { supervisor: true, discarding: true })).toEqualTypeOf<
    Promise<string>
  >();
});

test("an ExceptionGroup parts by class, classes or function", () => {
  const group = new ExceptionGroup([new Error("a")], "group");
  expectTypeOf(group.split([TypeError, RangeError])).toEqualTypeOf<
    [matching: ExceptionGroup | null, rest: ExceptionGroup | null]
  >();
  expectTypeOf(group.subgroup((error) => error === null)).toEqualTypeOf<ExceptionGroup | null>();
  expectTypeOf(group).toExtend<AggregateError>();
  // @ts-expect-error -- no class of errors
  group.split(Date);
});
