/*
 * Queues against a model, with random programs under random schedules.
 *
 * Producers and consumers put and get, sleep and are cancelled at random. Whatever happens: what
 * went in came out once or is still there, each producer's items leave in its order, and nobody
 * waits where nobody has to.
 */
import { createTask, isCancelled, openChannel, Queue, sleep, type Task } from "ambit";
import { runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";

interface Program {
  readonly seed: number;
  readonly capacity: number;
  /** For each producer, the pauses before its items. */
  readonly producers: readonly number[][];
  /** For each consumer, the pauses before its gets. */
  readonly consumers: readonly number[][];
  /** When which task is cancelled. */
  readonly cancels: readonly { readonly at: number; readonly whom: number }[];
}

const pauses = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 });

const programs: fc.Arbitrary<Program> = fc.record({
  seed: fc.integer({ min: 0, max: 1_000_000 }),
  capacity: fc.integer({ min: 1, max: 3 }),
  producers: fc.array(pauses, { minLength: 1, maxLength: 4 }),
  consumers: fc.array(pauses, { minLength: 1, maxLength: 4 }),
  cancels: fc.array(fc.record({ at: fc.integer({ min: 0, max: 8 }), whom: fc.nat({ max: 7 }) }), {
    maxLength: 5,
  }),
});

interface Ports {
  put(item: string): Promise<void>;
  get(): Promise<string>;
}

interface Log {
  readonly putIn: string[];
  readonly taken: string[];
}

/** Runs the program; what each task reported as put and taken. */
async function play(program: Program, ports: Ports): Promise<Log> {
  const log: Log = { putIn: [], taken: [] };
  const producers = program.producers.map((ms, name) =>
    createTask(async () => {
      for (const [index, pause] of ms.entries()) {
        if (pause > 0) await sleep(pause);
        const item = `${name}:${index}`;
        await ports.put(item);
        log.putIn.push(item);
      }
    }),
  );
  const consumers = program.consumers.map((ms) =>
    createTask(async () => {
      for (const pause of ms) {
        if (pause > 0) await sleep(pause);
        log.taken.push(await ports.get());
      }
    }),
  );
  const tasks = [...producers, ...consumers];
  for (const { at, whom } of program.cancels) {
    createTask(async () => {
      await sleep(at);
      tasks[whom % tasks.length]?.cancel();
    });
  }
  await sleep(100);
  await stop(tasks);
  return log;
}

async function stop(tasks: readonly Task<unknown>[]): Promise<void> {
  for (const task of tasks) task.cancel();
  for (const task of tasks) {
    try {
      await task;
    } catch (error) {
      if (!isCancelled(error)) throw error;
    }
  }
}

/** What came out of one producer, in the order in which it came out. */
function perProducer(items: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const item of items) {
    const [producer = "", index = ""] = item.split(":");
    found.set(producer, [...(found.get(producer) ?? []), Number(index)]);
  }
  return found;
}

function expectNothingLost({ putIn, taken }: Log, left: readonly string[]): void {
  expect([...taken, ...left].toSorted()).toEqual(putIn.toSorted());
}

function inOrder(items: readonly string[]): boolean {
  return [...perProducer(items).values()].every((indexes) =>
    indexes.every((index, at) => at === 0 || index > (indexes[at - 1] as number)),
  );
}

test("a queue loses nothing and doubles nothing", async () => {
  await fc.assert(
    fc.asyncProperty(programs, (program) =>
      runVirtual(
        async () => {
          const queue = new Queue<string>(program.capacity);
          const log = await play(program, queue);
          const { getting, putting, size, unfinished } = queue.statistics();
          expect([getting, putting]).toEqual([0, 0]);
          expect(size).toBeLessThanOrEqual(program.capacity);
          expect(unfinished).toBe(log.putIn.length);
          const left: string[] = [];
          while (!queue.empty()) left.push(queue.getNowait());
          expectNothingLost(log, left);
        },
        { seed: program.seed },
      ),
    ),
    { numRuns: 150 },
  );
});

test("with one consumer, what comes out is each producer's order", async () => {
  await fc.assert(
    fc.asyncProperty(programs, (program) =>
      runVirtual(
        async () => {
          const queue = new Queue<string>(program.capacity);
          const single = { ...program, consumers: [Array.from({ length: 30 }, () => 0)] };
          const log = await play(single, queue);
          expect(inOrder(log.taken)).toBe(true);
        },
        { seed: program.seed },
      ),
    ),
    { numRuns: 100 },
  );
});

test("a channel loses nothing and doubles nothing, with any capacity from 0", async () => {
  await fc.assert(
    fc.asyncProperty(programs, fc.integer({ min: 0, max: 2 }), (program, capacity) =>
      runVirtual(
        async () => {
          const { sender, receiver } = openChannel<string>(capacity);
          const log = await play(program, {
            put: (item) => sender.send(item),
            get: () => receiver.receive(),
          });
          const { sending, receiving } = receiver.statistics();
          expect([sending, receiving]).toEqual([0, 0]);
          sender.close();
          const left: string[] = [];
          for await (const item of receiver) left.push(item);
          expect(left.length).toBeLessThanOrEqual(capacity);
          expectNothingLost(log, left);
        },
        { seed: program.seed },
      ),
    ),
    { numRuns: 150 },
  );
});

test("nobody waits to get while there are items, nor to put while there is room", async () => {
  const steps = fc.array(fc.constantFrom("put", "get", "cancel put", "cancel get"), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), (program, capacity) =>
      runVirtual(async () => {
        const queue = new Queue<number>(capacity);
        const putting: Task<void>[] = [];
        const getting: Task<number>[] = [];
        for (const [number, step] of program.entries()) {
          if (step === "put") putting.push(createTask(() => queue.put(number)));
          else if (step === "get") getting.push(createTask(() => queue.get()));
          else if (step === "cancel put") putting.findLast((task) => !task.done())?.cancel();
          else getting.findLast((task) => !task.done())?.cancel();
          await sleep(0);
          const { size, getting: waitingToGet, putting: waitingToPut } = queue.statistics();
          const idle = (size > 0 && waitingToGet > 0) || (size < capacity && waitingToPut > 0);
          expect({ step, idle }).toEqual({ step, idle: false });
        }
        await stop([...putting, ...getting]);
      }),
    ),
    { numRuns: 100 },
  );
});
