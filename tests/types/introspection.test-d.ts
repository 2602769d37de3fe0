/**
 * What the compiler must know about introspection. Checked by tests/project/types.test.ts; never
 * run.
 */
import {
  captureCallGraph,
  createTask,
  type ExceptionContext,
  type FrameCallGraphEntry,
  formatCallGraph,
  Future,
  futureAddToAwaitedBy,
  type FutureCallGraph,
  getRunningLoop,
  type Handle,
  printCallGraph,
  printTaskTree,
  sleep,
  type TimerHandle,
} from "ambit";
import { expectTypeOf, test } from "vitest";

const task = createTask(() => sleep(1, "value"), { name: "typed" });

test("a call graph is of any task or future, or of the running one, and may be missing", () => {
  expectTypeOf(captureCallGraph()).toEqualTypeOf<FutureCallGraph | null>();
  expectTypeOf(
    captureCallGraph(task, { depth: 2, limit: -1 }),
  ).toEqualTypeOf<FutureCallGraph | null>();
  expectTypeOf(formatCallGraph(new Future<number>())).toEqualTypeOf<string>();
  expectTypeOf<FutureCallGraph["callStack"]>().toEqualTypeOf<readonly FrameCallGraphEntry[]>();
  expectTypeOf<FutureCallGraph["awaitedBy"]>().toEqualTypeOf<readonly FutureCallGraph[]>();
  // @ts-expect-error a promise is no future
  captureCallGraph(Promise.resolve());
  // @ts-expect-error a promise awaits nothing
  futureAddToAwaitedBy(task, Promise.resolve());
});

test("text goes to anything that has a write", () => {
  expectTypeOf(printCallGraph(task, { file: process.stdout })).toEqualTypeOf<void>();
  printTaskTree({ file: { write: (text: string) => text.length } });
  task.printStack({ limit: 3, file: process.stderr });
  // @ts-expect-error a file name is no stream
  printTaskTree({ file: "tree.txt" });
});

test("frames have a place, and cannot be changed", () => {
  expectTypeOf(task.getStack()).toEqualTypeOf<FrameCallGraphEntry[]>();
  expectTypeOf<FrameCallGraphEntry["place"]>().toEqualTypeOf<string>();
  const [frame] = task.getCreationStack();
  // @ts-expect-error a frame is what it was
  if (frame !== undefined) frame.line = 2;
});

test("a report has its places as text, where they are known", () => {
  expectTypeOf<ExceptionContext["createdAt"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<ExceptionContext["nextWaitAt"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf(getRunningLoop().callSoon(() => {})).toEqualTypeOf<Handle>();
  expectTypeOf(getRunningLoop().callLater(1, () => {})).toEqualTypeOf<TimerHandle>();
});
