import { createTask, PriorityQueue, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";

interface Job {
  readonly urgency: number;
  readonly number: number;
}

const byUrgency = (a: Job, b: Job): number => a.urgency - b.urgency;

function drain<T>(queue: PriorityQueue<T>): T[] {
  const items: T[] = [];
  while (!queue.empty()) items.push(queue.getNowait());
  return items;
}

test("items leave in the comparator's order, equal ones in the order in which they came", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 })), (urgencies) => {
      const queue = new PriorityQueue<Job>(byUrgency);
      const jobs = urgencies.map((urgency, number) => ({ urgency, number }));
      for (const job of jobs) queue.putNowait(job);
      expect(drain(queue)).toEqual(jobs.toSorted(byUrgency));
    }),
  );
});

test("puts and gets may be mixed", () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant("get" as const)));
  fc.assert(
    fc.property(steps, (program) => {
      const queue = new PriorityQueue<number>((a, b) => a - b);
      const model: number[] = [];
      const taken: number[] = [];
      const expected: (number | undefined)[] = [];
      for (const step of program) {
        if (step !== "get") {
          queue.putNowait(step);
          model.push(step);
          model.sort((a, b) => a - b);
        } else if (model.length > 0) {
          taken.push(queue.getNowait());
          expected.push(model.shift());
        }
      }
      expect([taken, drain(queue)]).toEqual([expected, model]);
    }),
  );
});

test("who waits to put takes part in the order as soon as there is room", () =>
  runVirtual(async () => {
    const queue = new PriorityQueue<number>((a, b) => a - b, 2);
    queue.putNowait(5);
    queue.putNowait(3);
    createTask(() => queue.put(1));
    await sleep(0);
    expect(await queue.get()).toBe(3);
    expect(await queue.get()).toBe(1);
    expect(await queue.get()).toBe(5);
  }));

/** Compares as long as it is told to, then throws. */
function breaking(): { compare: (a: number, b: number) => number; broken: boolean } {
  const state = {
    broken: false,
    compare(a: number, b: number): number {
      if (state.broken) throw new Error("cannot compare");
      return a - b;
    },
  };
  return state;
}

test("a comparator that throws leaves the queue as it was", () =>
  runVirtual(async () => {
    const state = breaking();
    const queue = new PriorityQueue<number>(state.compare);
    for (const item of [4, 2, 7, 1]) queue.putNowait(item);
    state.broken = true;
    await expect(queue.put(3)).rejects.toThrow("cannot compare");
    expect(() => queue.putNowait(3)).toThrow("cannot compare");
    await expect(queue.get()).rejects.toThrow("cannot compare");
    expect(queue.statistics()).toMatchObject({ size: 4, unfinished: 4 });
    state.broken = false;
    expect(drain(queue)).toEqual([1, 2, 4, 7]);
  }));

test("a comparator that throws for a waiting item fails that put, and the next is let in", () =>
  runVirtual(async () => {
    const bad = Number.NaN;
    const queue = new PriorityQueue<number>((a, b) => {
      if (Number.isNaN(a)) throw new Error("not a number");
      return a - b;
    }, 2);
    queue.putNowait(1);
    queue.putNowait(2);
    const first = createTask(() => queue.put(bad));
    const second = createTask(() => queue.put(3));
    await sleep(0);
    expect(await queue.get()).toBe(1);
    await expect(first).rejects.toThrow("not a number");
    await second;
    expect(drain(queue)).toEqual([2, 3]);
  }));

test("needs a comparator", () => {
  expect(() => new PriorityQueue(undefined as never)).toThrow(
    "Expected `compare` to be a function, got `undefined` (undefined)",
  );
});
