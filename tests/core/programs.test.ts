/*
 * Random programs: whatever is nested in whatever, fails, times out or is cancelled, under any schedule, nothing
 * outlives what it belongs to.
 *
 * A program is a tree that fast-check makes and shrinks. The interpreter counts what is open; the properties are the
 * promises of structured concurrency, not expected outcomes.
 */
import * as fc from "fast-check";
import {
  createTask,
  gather,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  protect,
  shield,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

type Program =
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "fail" }
  | { readonly kind: "cleanUp"; readonly body: Program; readonly ms: number }
  | { readonly kind: "timeout" | "moveOn"; readonly body: Program; readonly ms: number }
  | { readonly kind: "protect" | "shield" | "swallow"; readonly body: Program }
  | { readonly kind: "sequence" | "group" | "gather"; readonly parts: readonly Program[] };

const ms = fc.integer({ min: 0, max: 20 });

const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("sleep" as const), ms }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("fail" as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("cleanUp" as const), body: tie("program"), ms }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom("timeout" as const, "moveOn" as const),
        body: tie("program"),
        ms,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom("protect" as const, "shield" as const, "swallow" as const),
        body: tie("program"),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom("sequence" as const, "group" as const, "gather" as const),
        parts: fc.array(tie("program"), { minLength: 1, maxLength: 3 }),
      }),
    },
  ),
}));

class Broken extends Error {}

/** Runs programs, and watches that nothing outlives what it belongs to. */
class Interpreter {
  open = 0;
  readonly log: string[] = [];

  async run(node: Program): Promise<void> {
    this.open++;
    this.log.push(`+${node.kind}`);
    try {
      await this.#step(node);
    } finally {
      this.open--;
      this.log.push(`-${node.kind}`);
    }
  }

  async #step(node: Program): Promise<void> {
    switch (node.kind) {
      case "sleep":
        return sleep(node.ms);
      case "fail":
        throw new Error("failed");
      case "cleanUp":
        try {
          return await this.run(node.body);
        } finally {
          await sleep(node.ms);
        }
      case "timeout":
        return timeout(node.ms, () => this.run(node.body));
      case "moveOn":
        await moveOnAfter(node.ms, () => this.run(node.body));
        return;
      case "protect":
        return protect(() => this.run(node.body));
      case "shield":
        return shield(() => this.run(node.body));
      case "swallow":
        return this.run(node.body).catch(() => {});
      case "sequence":
        for (const part of node.parts) await this.run(part);
        return;
      case "group":
        return this.#group(node.parts);
      case "gather":
        await gather(node.parts.map((part) => () => this.run(part)));
    }
  }

  async #group(parts: readonly Program[]): Promise<void> {
    let live = 0;
    const outcome = await Promise.allSettled([
      taskGroup((group) => {
        for (const part of parts) {
          group.spawn(async () => {
            live++;
            try {
              await this.run(part);
            } finally {
              live--;
            }
          });
        }
      }),
    ]);
    if (live > 0) throw new Broken(`${live} children outlived their group`);
    if (outcome[0].status === "rejected") throw outcome[0].reason;
  }
}

/** Runs a program in virtual time, cancelled at `cancelAt`; what it ended with is one word. */
async function trial(
  root: Program,
  seed: number,
  cancelAt: number,
): Promise<[string, Interpreter]> {
  const interpreter = new Interpreter();
  let end = "";
  await runVirtual(
    async () => {
      // Shielded work that fails after its awaiter went is reported; here that is part of the game.
      getRunningLoop().setExceptionHandler(() => {});
      const task = createTask(() => interpreter.run(root));
      const killer = createTask(() => sleep(cancelAt).then(() => task.cancel()));
      end = await task.then(() => "value", nameOf);
      await killer.then(null, () => {});
    },
    { seed },
  );
  return [end, interpreter];
}

function nameOf(error: unknown): string {
  if (error instanceof Broken) throw error;
  if (isCancelled(error)) return "cancelled";
  return error instanceof TimeoutError ? "timeout" : "error";
}

describe("any program, under any schedule, cancelled at any time", () => {
  test("leaves nothing open, and no child outlives its group", async () => {
    const property = fc.asyncProperty(program, fc.nat(1000), fc.nat(60), async (root, seed, at) => {
      const [end, interpreter] = await trial(root, seed, at);
      expect(interpreter.open, interpreter.log.join(" ")).toBe(0);
      expect(["value", "cancelled", "timeout", "error"]).toContain(end);
    });
    await fc.assert(property, { numRuns: 400 });
  });

  test("repeats itself under the same seed", async () => {
    const property = fc.asyncProperty(program, fc.nat(1000), fc.nat(60), async (root, seed, at) => {
      const [first, second] = [await trial(root, seed, at), await trial(root, seed, at)];
      expect(second[0]).toBe(first[0]);
      expect(second[1].log).toEqual(first[1].log);
    });
    await fc.assert(property, { numRuns: 100 });
  });
});

test("a program without failures, timeouts and cancels ends with its value, whatever the schedule", async () => {
  const calm: fc.Arbitrary<Program> = program.filter(
    (root) => !/fail|timeout/.test(JSON.stringify(root)),
  );
  const property = fc.asyncProperty(calm, fc.nat(1000), async (root, seed) => {
    const [end] = await trial(root, seed, 100_000);
    expect(end).toBe("value");
  });
  await fc.assert(property, { numRuns: 100 });
});
