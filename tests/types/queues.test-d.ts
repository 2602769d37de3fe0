/**
 * What the compiler must know about queues and channels: for each generic one use that it accepts,
 * with the type it gives, and one that it refuses. Checked by tests/project/types.test.ts; never
 * run.
 */
import {
  Broadcast,
  type Subscription,
  Watch,
  type Watcher,
  type Channel,
  LifoQueue,
  openChannel,
  PriorityQueue,
  Queue,
  type Receiver,
  type Sender,
} from "ambit";
import { expectTypeOf, test } from "vitest";

test("a queue gives what is put", async () => {
  const queue = new Queue<number>(3);
  expectTypeOf(queue.get()).toEqualTypeOf<Promise<number>>();
  expectTypeOf(queue.getNowait()).toEqualTypeOf<number>();
  expectTypeOf(queue.put(1)).toEqualTypeOf<Promise<void>>();
  for await (const item of queue) expectTypeOf(item).toEqualTypeOf<number>();
  // @ts-expect-error -- not a number
  void queue.put("1");
  expectTypeOf(queue).not.toExtend<Queue<string>>();
});

test("the other kinds are queues", () => {
  expectTypeOf<LifoQueue<string>>().toExtend<Queue<string>>();
  expectTypeOf<PriorityQueue<string>>().toExtend<Queue<string>>();
  expectTypeOf(new LifoQueue<string>().getNowait()).toEqualTypeOf<string>();
});

test("a comparator is of the items' type, and makes the queue's", () => {
  const queue = new PriorityQueue((a: number, b: number) => a - b);
  expectTypeOf(queue).toEqualTypeOf<PriorityQueue<number>>();
  // @ts-expect-error -- a comparator of other things
  void new PriorityQueue<string>((a: number, b: number) => a - b);
  // @ts-expect-error -- there is no order without a comparator
  void new PriorityQueue<string>();
});

test("a channel's ends carry its items' type", async () => {
  const { sender, receiver } = openChannel<string>(1);
  expectTypeOf(openChannel<string>(1)).toEqualTypeOf<Channel<string>>();
  expectTypeOf(sender.clone()).toEqualTypeOf<Sender<string>>();
  expectTypeOf(receiver.clone()).toEqualTypeOf<Receiver<string>>();
  expectTypeOf(receiver.receive()).toEqualTypeOf<Promise<string>>();
  for await (const item of receiver) expectTypeOf(item).toEqualTypeOf<string>();
  // @ts-expect-error -- not a string
  void sender.send(1);
  // @ts-expect-error -- a sender does not receive
  void sender.receive();
});

test("a broadcast gives its subscribers what is sent", async () => {
  const broadcast = new Broadcast<string>(4);
  const subscription = broadcast.subscribe({ onLag: (missed) => missed.toFixed() });
  expectTypeOf(subscription).toEqualTypeOf<Subscription<string>>();
  expectTypeOf(subscription.receive()).toEqualTypeOf<Promise<string>>();
  for await (const item of subscription) expectTypeOf(item).toEqualTypeOf<string>();
  // @ts-expect-error -- an item of another type
  broadcast.send(1);
});

test("a watch keeps the type of its value", async () => {
  const watch = new Watch<"on" | "off">("on");
  expectTypeOf(watch.value).toEqualTypeOf<"on" | "off">();
  expectTypeOf(watch.subscribe()).toEqualTypeOf<Watcher<"on" | "off">>();
  expectTypeOf(watch.waitFor((value) => value === "off")).toEqualTypeOf<Promise<"on" | "off">>();
  for await (const value of watch) expectTypeOf(value).toEqualTypeOf<"on" | "off">();
  // @ts-expect-error -- no value of the watch
  watch.set("broken");
});
