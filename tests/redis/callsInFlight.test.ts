/*
 * The calls in flight, and the driver's commands that stand for them: without a server.
 */
import { getRunningLoop, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Call } from "../../src/redis/call.ts";
import { CallsInFlight } from "../../src/redis/callsInFlight.ts";
import { commandNamed } from "../../src/redis/commandNames.ts";
import { WireCommand } from "../../src/redis/wireCommand.ts";

const GET = commandNamed("get");

class Probe extends Call {
  answer: unknown = undefined;
  failure: Error | null = null;

  constructor(flight: CallsInFlight, limit = Infinity, name = "get", args: unknown[] = ["key"]) {
    const landed = (call: Call): void => flight.remove(call);
    const lost = (_call: Call, error: Error): Error => error;
    super({ landed, lost }, commandNamed(name), "utf8", args, limit);
  }

  protected override settle(error: Error | null, value: unknown): void {
    this.failure = error;
    this.answer = value;
  }
}

function inFlight(tooLong: (call: Call) => void = () => {}): CallsInFlight {
  return new CallsInFlight(tooLong);
}

test("calls that end in any order leave the others, and let go of their neighbours", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 30 }), (order) => {
      const flight = inFlight();
      const calls = order.map(() => new Probe(flight));
      const loop = getRunningLoop();
      for (const call of calls) flight.add(call, loop, 0);
      const left = [...calls];
      for (const choice of order) {
        const [call] = left.splice(choice % left.length, 1);
        call?.answered("value");
        flight.remove(call as Probe);
        expect([call?.older, call?.newer]).toEqual([null, null]);
        expect(flight.size).toBe(left.length);
        let found = left[0] ?? null;
        for (const each of left) {
          expect(found).toBe(each);
          found = found?.newer as Probe | null;
        }
        expect(found).toBeNull();
      }
    }),
  );
});

test("one that was never sent ends without harm to those that were", () => {
  const flight = inFlight();
  const sent = new Probe(flight);
  flight.add(sent, getRunningLoop(), 0);
  new Probe(flight).end(new Error("no connection"), undefined);
  expect(flight.size).toBe(1);
  sent.answered("value");
  expect([flight.size, sent.answer]).toEqual([0, "value"]);
});

test("a lost connection ends all of them, once", () => {
  const flight = inFlight();
  const calls = Array.from({ length: 5 }, () => new Probe(flight));
  for (const call of calls) flight.add(call, getRunningLoop(), 0);
  flight.fail((call) => new Error(`lost ${calls.indexOf(call as Probe)}`));
  expect(calls.map(({ failure }) => failure?.message)).toEqual(
    [0, 1, 2, 3, 4].map((at) => `lost ${at}`),
  );
  expect(flight.size).toBe(0);
});

test("the oldest is looked at when its time is over, though those before it have ended", async () => {
  await runVirtual(async () => {
    const loop = getRunningLoop();
    const late: Call[] = [];
    const flight = inFlight((call) => late.push(call));
    const first = new Probe(flight, 100);
    const second = new Probe(flight, 100);
    flight.add(first, loop, loop.time());
    loop.schedule(30, () => flight.add(second, loop, loop.time()), undefined);
    loop.schedule(60, () => first.answered("value"), undefined);
    await sleep(129);
    expect(late).toEqual([]);
    await sleep(2);
    expect(late).toEqual([second]);
    second.answered("value");
    flight.stop();
  });
});

test("a command goes without the driver's promise, and its answer to the call", () => {
  const call = new Probe(inFlight());
  const command = new WireCommand(call, undefined);
  command.call = call;
  expect((command as unknown as { promise?: unknown }).promise).toBeUndefined();
  expect(Object.hasOwn(command, "resolve")).toBe(false);
  command.resolve(Buffer.from("value"));
  expect([call.answer, command.isSettled]).toEqual(["value", true]);
  const refused = new Probe(inFlight());
  const other = new WireCommand(refused, "prefix:");
  other.call = refused;
  other.reject(new Error("ERR no"));
  expect(refused.failure?.message).toContain("ERR no");
});

test("one whose arguments the driver transforms goes its way, and its answer to the call all the same", () => {
  const call = new Probe(inFlight(), Infinity, "mset", [{ a: 1, b: "two" }]);
  const command = new WireCommand(call, undefined);
  command.call = call;
  expect((command as unknown as { args: unknown[] }).args).toEqual(["a", "1", "b", "two"]);
  const { resolve } = command;
  resolve(Buffer.from("OK"));
  expect(call.answer).toBe("OK");
});

test("a call whose answer can't be read is refused", () => {
  const call = new Probe(inFlight());
  const command = new WireCommand({ command: GET, encoding: "utf8", args: ["key"] }, undefined);
  command.call = call;
  command.transformReply = () => {
    throw new RangeError("no text");
  };
  command.resolve(Buffer.from("value"));
  expect(call.failure?.message).toContain("no text");
});
