/**
 * How calls and their endings travel together: whatever is put into a message comes out of it, in order, and what is alike is
 * told once.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { flatCalls, takeCalls } from "../../src/futures/callRuns.ts";
import { eachEnding, flatEndings } from "../../src/futures/endingRuns.ts";
import { Pace } from "../../src/futures/pace.ts";
import type { CallMessage, Ending } from "../../src/futures/protocol.ts";

const call: fc.Arbitrary<CallMessage> = fc.record({
  id: fc.integer({ min: 1, max: 6 }),
  fn: fc.integer({ min: 0, max: 1 }),
  args: fc.array(fc.oneof(fc.integer(), fc.constant(undefined), fc.constant([1])), {
    maxLength: 3,
  }),
  how: fc.oneof(
    fc.boolean(),
    fc.record({ stream: fc.constant(null), chunk: fc.boolean(), callbacks: fc.constant([]) }),
  ),
  variables: fc.oneof(fc.constant(null), fc.constant([["user", 1]] as const)),
  caller: fc.constantFrom("", "Task-1"),
});

const ending: fc.Arbitrary<Ending> = fc.oneof(
  fc.record({
    id: fc.integer({ min: 1, max: 6 }),
    took: fc.constantFrom(0.001, 0.2, 5),
    value: fc.oneof(fc.integer(), fc.constant(undefined)),
  }),
  fc.record({
    id: fc.integer({ min: 1, max: 6 }),
    took: fc.constantFrom(0.001, 5),
    thrown: fc.record({ value: fc.string() }),
  }),
);

function unflat(calls: readonly CallMessage[]): CallMessage[] {
  const arrived: CallMessage[] = [];
  takeCalls(flatCalls(calls), arrived);
  return arrived;
}

function unflatEndings(endings: readonly Ending[]): Ending[] {
  const arrived: Ending[] = [];
  eachEnding(flatEndings(endings), (each) => arrived.push(each));
  return arrived;
}

const plain = (id: number): CallMessage => {
  return { id, fn: 0, args: [id, 1], how: false, variables: null, caller: "" };
};

test("whatever calls a message is made of, the same come out of it", () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 8 }), (calls) => {
      expect(unflat(calls)).toEqual(calls);
    }),
  );
});

test("calls that follow each other are told by their arguments alone, behind one head", () => {
  const one = flatCalls([plain(1)]).length;
  expect(flatCalls([plain(1), plain(2), plain(3)])).toHaveLength(one + 4);
  expect(flatCalls([plain(1), plain(3)])).toHaveLength(one * 2);
});

test("whatever endings a message is made of, the same outcomes come out of it", () => {
  fc.assert(
    fc.property(fc.array(ending, { maxLength: 8 }), (endings) => {
      const arrived = unflatEndings(endings);
      const outcomes = (list: readonly Ending[]): unknown[] =>
        list.map(({ took: _, ...outcome }) => outcome);
      expect(outcomes(arrived)).toEqual(outcomes(endings));
    }),
  );
});

test("short calls that follow each other tell the mean of their times, a long one and one that threw their own", () => {
  const endings: Ending[] = [
    { id: 1, took: 0.1, value: "a" },
    { id: 2, took: 0.2, value: "b" },
    { id: 3, took: 7.5, value: "c" },
    { id: 4, took: 0.1, value: "d" },
    { id: 5, took: 0.2, thrown: { value: "e" } },
    { id: 6, took: 0.1, value: "f" },
  ];
  expect(unflatEndings(endings).map(({ took }) => took)).toEqual([0.15, 0.15, 7.5, 0.1, 0.2, 0.1]);
});

const reference = { url: "file:///tasks.js", name: "work" };

test.each([
  ["one whose calls are not known yet", [], 1],
  ["one whose calls take a millisecond", [1], 1],
  ["one whose calls take half a millisecond", [0.5], 128],
  ["one whose calls take next to nothing", [0.001], 1024],
  ["one whose calls take no time that can be measured", [0], 1024],
  ["one of whose quick calls has taken long", [0.001, 0.001, 30], 1],
])("a worker is given ahead, of %s, no more than 64 ms of work", (_, times, depth) => {
  const pace = new Pace();
  for (const took of times) pace.note(reference, took);
  expect(pace.depth(reference)).toBe(depth);
});

test("each function has a pace of its own, and loses it when a call of it is ended with its worker", () => {
  const other = { url: "file:///tasks.js", name: "other" };
  const pace = new Pace();
  pace.note(reference, 0.001);
  expect([pace.depth(reference), pace.depth(other)]).toEqual([1024, 1]);
  pace.note(other, 0.5);
  pace.forget(reference);
  expect([pace.depth(reference), pace.depth(other)]).toEqual([1, 128]);
});
