/**
 * The ring that queues keep their items in, against an array.
 */
import { array, assert, constant, nat, oneof, property, record } from "fast-check";
import { expect, test } from "vitest";
import { RingBuffer } from "../../src/queues/ringBuffer.ts";

test("gives what an array would, whatever is added, put back and taken (property)", () => {
  const step = oneof(
    record({ do: constant("push" as const), item: nat() }),
    record({ do: constant("putBack" as const), item: nat() }),
    record({ do: constant("take" as const) }),
    record({ do: constant("clear" as const) }),
  );
  assert(
    property(array(step, { maxLength: 200 }), (steps) => {
      const ring = new RingBuffer<number>();
      let model: number[] = [];
      for (const each of steps) {
        if (each.do === "push") {
          ring.push(each.item);
          model.push(each.item);
        } else if (each.do === "putBack") {
          ring.putBack(each.item);
          model = [each.item, ...model];
        } else if (each.do === "clear") {
          ring.clear();
          model = [];
        }
        const taken = each.do === "take" && model.length > 0 ? [ring.take(), model.shift()] : [];
        expect(taken[0]).toBe(taken[1]);
        expect([ring.size, ring.first, ...ring]).toEqual([model.length, model[0], ...model]);
      }
    }),
  );
});

test("keeps its order beyond the size at which an array's shift is slow, and gives the room back", () => {
  const ring = new RingBuffer<number>();
  for (let item = 0; item < 100_000; item++) ring.push(item);
  let inOrder = true;
  for (let item = 0; item < 100_000; item++) inOrder &&= ring.take() === item;
  expect([inOrder, ring.size, ring.first]).toEqual([true, 0, undefined]);
});
