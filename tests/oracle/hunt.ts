/*
 * Hunting mutants: which of the programs tells a deliberately wrong kernel from CPython, and how small it can be made.
 */
import { type Kernel, runAmbit } from "./ambit.ts";
import type { CPython, Result } from "./cpython.ts";
import { generate } from "./generate.ts";
import { judge } from "./judge.ts";
import type { Kernels } from "./kernels.ts";
import type { Mutant } from "./mutants.ts";
import { BY_RULES, IN_ORDER } from "./order.ts";
import { type Program, sizeOf } from "./program.ts";
import { shrink } from "./shrink.ts";

const BOTH = [IN_ORDER, BY_RULES];
const BATCH = 100;

/** How a mutant was caught. */
export interface Catch {
  readonly mutant: string;
  /** How many programs were tried, the one that caught it included. */
  readonly programs: number;
  /** The program that caught it, made small. */
  readonly program: Program;
  readonly statements: number;
}

export class Hunt {
  readonly #python: CPython;
  readonly #kernels: Kernels;
  readonly #right: Kernel;
  readonly #first: number;
  /** The programs, and what CPython does with them: the same for all mutants. */
  readonly #tried: { readonly program: Program; readonly results: Result[] }[] = [];

  /** `right` is the kernel as it is, which agrees with CPython on what catches a mutant. */
  constructor(python: CPython, kernels: Kernels, right: Kernel, first: number) {
    this.#python = python;
    this.#kernels = kernels;
    this.#right = right;
    this.#first = first;
  }

  /** The catch, or null when `most` programs did not do it. */
  async hunt(mutant: Mutant, most: number): Promise<Catch | null> {
    const kernel = await this.#kernels.load(mutant);
    for (let count = 0; count < most; count++) {
      const { program, results } = this.#at(count);
      if (!(await differs(kernel, program, results))) continue;
      if (await differs(this.#right, program, results)) continue;
      const small = await shrink(program, (each) => this.catches(kernel, each), 600);
      return {
        mutant: mutant.name,
        programs: count + 1,
        program: small,
        statements: sizeOf(small),
      };
    }
    return null;
  }

  /** Whether the program tells the kernel from CPython, and the right kernel not. */
  async catches(kernel: Kernel, program: Program): Promise<boolean> {
    const results = this.#python.run([program], BOTH)[0] as Result[];
    return (
      (await differs(kernel, program, results)) && !(await differs(this.#right, program, results))
    );
  }

  #at(index: number): { readonly program: Program; readonly results: Result[] } {
    while (this.#tried.length <= index) {
      const from = this.#first + this.#tried.length;
      const programs = Array.from({ length: BATCH }, (_, at) => generate(from + at));
      const results = this.#python.run(programs, BOTH);
      for (const [at, program] of programs.entries())
        this.#tried.push({ program, results: results[at] as Result[] });
    }
    return this.#tried[index] as { program: Program; results: Result[] };
  }
}

async function differs(
  kernel: Kernel,
  program: Program,
  results: readonly Result[],
): Promise<boolean> {
  const [plain, ruled] = results as [Result, Result];
  return judge(plain, ruled, await runAmbit(kernel, program, "stepped")).kind === "differs";
}
