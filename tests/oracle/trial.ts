/*
 * Trying programs, many at a time: both sides, both policies, the verdicts counted.
 */
import { type Kernel, runAmbit } from "./ambit.ts";
import { Coverage } from "./coverage.ts";
import type { CPython, Result, Schedule } from "./cpython.ts";
import { generate } from "./generate.ts";
import { judge, type Verdict } from "./judge.ts";
import { judgeOrder, ORDERS } from "./order.ts";
import type { Program } from "./program.ts";
import { shrink } from "./shrink.ts";

/** As CPython is, and with Ambit's rules. */
const BOTH: readonly Schedule[] = [
  { rules: false, seed: null },
  { rules: true, seed: null },
];
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
    const results = this.#python.run(programs, BOTH);
    // In other orders only what touches no deliberate difference in this one.
    const fixed = programs.filter((_, at) => results[at]?.[0]?.notes.length === 0);
    const orders = new Map<Program, Result[]>();
    for (const [at, each] of this.#python.run(fixed, ORDERS).entries()) orders.set(fixed[at] as Program, each);
    for (const [at, program] of programs.entries()) {
      const [plain, ruled] = results[at] as [Result, Result];
      this.coverage.add(program, plain);
      await this.#tryStepped(seeds[at] as number, program, plain, ruled);
      await this.#tryDirect(seeds[at] as number, program, orders.get(program));
    }
  }

  async #tryStepped(seed: number, program: Program, plain: Result, ruled: Result): Promise<void> {
    const verdict = judge(plain, ruled, await runAmbit(this.#kernel, program, "stepped"));
    this.tally.stepped[verdict.kind]++;
    for (const note of verdict.notes) this.tally.notes.set(note, (this.tally.notes.get(note) ?? 0) + 1);
    if (verdict.kind !== "differs") return;
    const small = await shrink(program, async (each) => (await this.judgeStepped(each)).kind === "differs");
    const [expected, wished] = this.#python.run([small], BOTH)[0] as [Result, Result];
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
    const [plain, ruled] = this.#python.run([program], BOTH)[0] as [Result, Result];
    return judge(plain, ruled, await runAmbit(this.#kernel, program, "stepped"));
  }

  async #tryDirect(seed: number, program: Program, orders: Result[] | undefined): Promise<void> {
    if (orders === undefined) return void this.tally.direct["rests on order"]++;
    const direct = await runAmbit(this.#kernel, program, "direct");
    const verdict = judgeOrder(this.#python, program, orders, direct);
    this.tally.direct[verdict]++;
    if (verdict !== "differs") return;
    const small = await shrink(program, async (each) => (await this.judgeDirect(each)) === "differs", 300);
    this.differences.push({
      seed,
      policy: "direct",
      why: "not what CPython does in any order",
      program: small,
      expected: this.#python.runOne(small, { rules: false, seed: null }),
      actual: await runAmbit(this.#kernel, small, "direct"),
    });
  }

  async judgeDirect(program: Program): Promise<"agrees" | "rests on order" | "differs"> {
    const orders = this.#python.run([program], ORDERS)[0] as Result[];
    return judgeOrder(this.#python, program, orders, await runAmbit(this.#kernel, program, "direct"));
  }
}
