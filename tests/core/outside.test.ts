/**
 * Which waits virtual time stands still for. What is outside needs real time, a few milliseconds of it.
 */
import { suspend, timeout } from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";
import { isOutside, OUTSIDE } from "../../src/core/outside.ts";

/** Calls back from outside the program, in real time. */
function outsideCall(target: unknown): Promise<string> {
  return suspend<string, unknown>(
    (wait) => {
      const timer = setTimeout(() => wait.resolve("called"), 20);
      return () => clearTimeout(timer);
    },
    target,
    "outsideCall",
  );
}

test.each([
  ["no target", undefined, true],
  ["a target that says so", { [OUTSIDE]: () => true }, true],
  ["a target that says no", { [OUTSIDE]: () => false }, false],
  ["a target that says nothing", {}, false],
  ["null", null, false],
  ["a number, as sleep has", 5, false],
])("a wait on %s counts as outside: %s", async (_, target, outside) => {
  expect(isOutside(target)).toBe(outside);
  const program = runVirtual(() => timeout(60_000, () => outsideCall(target)));
  const outcome = await program.catch((error: Error) => error.name);
  expect(outcome).toBe(outside ? "called" : "TimeoutError");
});
