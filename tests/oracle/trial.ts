/*
 * Trying programs, many at a time: both sides, both policies, the verdicts counted.
 */
import { type Kernel, runAmbit } from "./ambit.ts";
import { Coverage } from "./coverage.ts";
import type { CPython, Result } from "./cpython.ts";
import { generate } from "./generate.ts";
import { judge, type Verdict } from "./judge.ts";
import {
  BY_RULES,
  IN_ORDER,
  isFixed,
  judgeOrder,
  type OrderVerdict,
  ORDERS,
  REVERSED,
  SHUFFLED,
} from "./order.ts";
import type { Program } from "./program.ts";
import { shrink } from "./shrink.ts";

const BATCH = 200;

/** A program that shows a difference, made small. */
export interface Difference {
  readonly seed: number;
  readonly policy: "stepped" | "direct";
  readonly why: string;
  readonly program: Program;
  readonly expected: Result;
  readonly actual: Result;
}

export interface Tally {
  stepped: Record<Verdict["kind"], number>;
  direct: { agrees: number; "rests on order": number; differs: number };
  /** For each deliberate difference, how many programs touched it. */
  readonly notes: Map<string, number>;
}

export class Trial {
  readonly coverage: Coverage = new Coverage();
  readonly differences: Difference[] = [];
  readonly tally: Tally = {
    stepped: { agrees: 0, "by rule": 0, apart: 0, differs: 0 },
    direct: { agrees: 0, "rests on order": 0, differs: 0 },
    notes: new Map(),
  };
  readonly #python: CPython;
  readonly #kernel: Kernel;

  constructor(python: CPython, kernel: Kernel) {
    this.#python = python;
    this.#kernel = kernel;
  }

  /** Tries the programs of `count` seeds; `progress` hears how many are done. */
  async run(first: number, count: number, progress: (done: number) => void): Promise<void> {
    for (let done = 0; done < count; done += BATCH) {
      const length = Math.min(BATCH, count - done);
      await this.#runBatch(Array.from({ length }, (_, index) => first + done + index));
      progress(done + length);
    }
  }

  async #runBatch(seeds: readonly number[]): Promise<void> {
    const programs = seeds.map((seed) => generate(seed));
    const plain = this.#runAll(programs, [IN_ORDER]);
    const isNoted = (program: Program): boolean => plain.get(program)?.[0]?.notes.length !== 0;
    const ruled = this.#runAll(programs.filter(isNoted), [BY_RULES]);
    const orders = this.#runOrders(
      programs.filter((each) => !isNoted(each)),
      plain,
    );
    for (const [at, program] of programs.entries()) {
      const seed = seeds[at] as number;
      const [result] = plain.get(program) as [Result];
      this.coverage.add(program, result);
      await this.#tryStepped(seed, program, result, ruled.get(program)?.[0] ?? result);
      await this.#tryDirect(seed, program, orders.get(program));
    }
  }

  #runAll(
    programs: readonly Program[],
    schedules: Parameters<CPython["run"]>[1],
  ): Map<Program, Result[]> {
    const results = this.#python.run(programs, schedules);
    return new Map(programs.map((program, at) => [program, results[at] as Result[]]));
  }

  /** The results in all orders of those programs that give the same in each. */
  #runOrders(
    programs: readonly Program[],
    plain: ReadonlyMap<Program, Result[]>,
  ): Map<Program, Result[]> {
    const found = new Map(programs.map((program) => [program, plain.get(program) as Result[]]));
    for (const schedules of [[REVERSED], SHUFFLED]) {
      for (const [program, more] of this.#runAll([...found.keys()], schedules)) {
        const all = [...(found.get(program) as Result[]), ...more];
        if (isFixed(all)) found.set(program, all);
        else found.delete(program);
      }
    }
    return found;
  }

  async #tryStepped(seed: number, program: Program, plain: Result, ruled: Result): Promise<void> {
    const verdict = judge(plain, ruled, await runAmbit(this.#kernel, program, "stepped"));
    this.tally.stepped[verdict.kind]++;
    for (const note of verdict.notes)
      this.tally.notes.set(note, (this.tally.notes.get(note) ?? 0) + 1);
    if (verdict.kind !== "differs") return;
    const small = await shrink(
      program,
      async (each) => (await this.judgeStepped(each)).kind === "differs",
    );
    const [expected, wished] = this.#python.run([small], [IN_ORDER, BY_RULES])[0] as [
      Result,
      Result,
    ];
    this.differences.push({
      seed,
      policy: "stepped",
      why: `${verdict.why ?? ""}${verdict.notes.length > 0 ? ` (${verdict.notes.join(", ")})` : ""}`,
      program: small,
      expected: expected.notes.length > 0 ? wished : expected,
      actual: await runAmbit(this.#kernel, small, "stepped"),
    });
  }

  async judgeStepped(program: Program): Promise<Verdict> {
    const [plain, ruled] = this.#python.run([program], [IN_ORDER, BY_RULES])[0] as [Result, Result];
    return judge(plain, ruled, await runAmbit(this.#kernel, program, "stepped"));
  }

  async #tryDirect(seed: number, program: Program, orders: Result[] | undefined): Promise<void> {
    if (orders === undefined) return void this.tally.direct["rests on order"]++;
    const direct = await runAmbit(this.#kernel, program, "direct");
    const verdict = judgeOrder(this.#python, program, orders, direct);
    this.tally.direct[verdict]++;
    if (verdict !== "differs") return;
    const small = await shrink(
      program,
      async (each) => (await this.judgeDirect(each)) === "differs",
      300,
    );
    this.differences.push({
      seed,
      policy: "direct",
      why: "not what CPython does in any order",
      program: small,
      expected: this.#python.runOne(small, IN_ORDER),
      actual: await runAmbit(this.#kernel, small, "direct"),
    });
  }

  async judgeDirect(program: Program): Promise<OrderVerdict> {
    const orders = this.#python.run([program], ORDERS)[0] as Result[];
    if (!isFixed(orders)) return "rests on order";
    return judgeOrder(
      this.#python,
      program,
      orders,
      await runAmbit(this.#kernel, program, "direct"),
    );
  }
}
