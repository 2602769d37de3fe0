/**
 * What the compiler must know about `ambit/testing`: for each typed use one that it accepts, with the type it gives, and
 * one that it refuses. Checked by tests/project/types.test.ts; never run.
 */
import type { Task } from "ambit";
import type { Connection, Server, StreamReader } from "ambit/streams";
import {
  cancelEverywhere,
  checkStreamPair,
  type Exploration,
  exploreSchedules,
  leakCheck,
  memoryStreamPair,
  type Replay,
  runSeeds,
  runVirtual,
  ScheduleFailure,
  Sequencer,
  simulateNetwork,
} from "ambit/testing";
import { afterAll, afterEach, beforeEach, expectTypeOf, test } from "vitest";

declare const replay: Replay;
declare const failure: ScheduleFailure;

test("a run gives what its main gives", () => {
  expectTypeOf(runVirtual(async () => 42)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(runVirtual(() => "now", { seed: 1, replay, timeLimit: 5 })).toEqualTypeOf<
    Promise<string>
  >();
  expectTypeOf(runVirtual(() => 1, { replay: "replay.json" })).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error a promise has started already
  void runVirtual(Promise.resolve(1));
  // @ts-expect-error a replay is a path or what it holds
  void runVirtual(() => 1, { replay: 17 });
});

test("searches for schedules give numbers, and failures that can be kept", () => {
  expectTypeOf(exploreSchedules(() => 1)).toEqualTypeOf<Promise<Exploration>>();
  expectTypeOf(runSeeds(() => 1, { folder: null })).resolves.toHaveProperty("schedules");
  expectTypeOf(failure.replay).toEqualTypeOf<Replay>();
  expectTypeOf(failure.file).toEqualTypeOf<string | null>();
  expectTypeOf(cancelEverywhere(async () => {})).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error runs have seeds of their own
  void exploreSchedules(() => 1, { seed: 1 });
});

test("a turn of a sequencer is a guard, or what the body gives", () => {
  const sequencer = new Sequencer();
  expectTypeOf(sequencer.at(0)).toEqualTypeOf<Promise<Disposable>>();
  expectTypeOf(sequencer.at(1, async () => "x")).toEqualTypeOf<Promise<string>>();
  // @ts-expect-error turns are numbered
  void sequencer.at("first");
});

test("pairs and hosts give the connections and servers of ambit/streams", () => {
  expectTypeOf(memoryStreamPair()).toEqualTypeOf<[Connection, Connection]>();
  expectTypeOf(checkStreamPair(() => memoryStreamPair())).toEqualTypeOf<Promise<number>>();
  const host = simulateNetwork({ latency: 1 }).host("db");
  expectTypeOf(host.run(async () => 1)).toEqualTypeOf<Task<number>>();
  expectTypeOf(host.openConnection({ host: "db", port: 1 })).toEqualTypeOf<Promise<Connection>>();
  const server = host.startServer((reader) => expectTypeOf(reader).toEqualTypeOf<StreamReader>(), {
    port: 1,
  });
  expectTypeOf(server).toEqualTypeOf<Promise<Server>>();
  // @ts-expect-error a port is needed
  void host.startServer(() => {}, {});
});

test("leakCheck takes the hooks of vitest", () => {
  expectTypeOf(leakCheck({ afterAll })).toEqualTypeOf<void>();
  leakCheck({ beforeEach, afterEach }, { patience: 5 });
  // @ts-expect-error hooks take functions
  leakCheck({ afterAll: 1 });
});
