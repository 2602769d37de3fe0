/**
 * What the compiler must know about events and signals. Checked by tests/project/types.test.ts; never
 * run.
 */
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { type EventIterator, listen, type Listening, on, once, signals } from "ambit";
import { expectTypeOf, test } from "vitest";

const typed = new EventEmitter<{ item: [n: number, text: string]; end: [] }>();
class Derived extends EventEmitter<{ tick: [bigint] }> {}
const untyped = new EventEmitter();
const socket = new Socket();
declare const target: EventTarget;

test("the arguments of an emitter's events are those that it names", async () => {
  expectTypeOf(await once(typed, "item")).toEqualTypeOf<[n: number, text: string]>();
  expectTypeOf(on(typed, "end")).toEqualTypeOf<EventIterator<[]>>();
  listen(typed, "item", (n, text) => {
    expectTypeOf(n).toEqualTypeOf<number>();
    expectTypeOf(text).toEqualTypeOf<string>();
  });
});

test("those of others are unknown, or what the caller says", async () => {
  expectTypeOf(await once(untyped, "item")).toEqualTypeOf<unknown[]>();
  expectTypeOf(await once(new Derived(), "tick")).toEqualTypeOf<unknown[]>();
  expectTypeOf(await once<[bigint]>(new Derived(), "tick")).toEqualTypeOf<[bigint]>();
  expectTypeOf(await once<[number]>(untyped, "item")).toEqualTypeOf<[number]>();
  expectTypeOf(await once<[boolean]>(socket, "close")).toEqualTypeOf<[boolean]>();
  for await (const [text] of on<[string]>(untyped, "line"))
    expectTypeOf(text).toEqualTypeOf<string>();
  expectTypeOf(listen(untyped, "item", (n: number) => n)).toEqualTypeOf<Listening>();
});

test("a target's listener gets the event", async () => {
  const [event] = await once(target, "open");
  expectTypeOf(event).toEqualTypeOf<Event>();
  listen(target, "open", (heard) => expectTypeOf(heard).toEqualTypeOf<Event>());
});

test("signals go by their names", async () => {
  for await (const signal of signals("SIGTERM", "SIGHUP")) {
    expectTypeOf(signal).toEqualTypeOf<NodeJS.Signals>();
  }
  // @ts-expect-error -- at least one
  signals();
  // @ts-expect-error -- no signal
  signals("SIGNAL");
});
