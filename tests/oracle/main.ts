/*
 * The oracle's command: random programs on CPython and on Ambit, or the mutants, or what is kept.
 *
 * Exit code 0: all agree, all mutants caught; 1: a difference, or a mutant that got away; 2: usage.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Kernel } from "./ambit.ts";
import { readCatches, readCorpus, writeCatches } from "./corpus.ts";
import { CPython } from "./cpython.ts";
import { type Catch, Hunt } from "./hunt.ts";
import { Kernels } from "./kernels.ts";
import { MUTANTS } from "./mutants.ts";
import { parseOptions, type Options, USAGE, UsageError } from "./options.ts";
import { Progress } from "./progress.ts";
import { differenceLines, mutantLine, tallyLines, writeTable } from "./report.ts";
import { Trial } from "./trial.ts";

/** A mutant that these many programs do not catch has got away. */
const PATIENCE = 6000;

/** Where things are. */
export interface Places {
  readonly root: string;
  /** A folder for compiled kernels, which is emptied. */
  readonly scratch: string;
}

/** Runs the command; gives the exit code. */
export async function main(args: readonly string[], { root, scratch }: Places): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`ambit: ${error.message}; ${USAGE}\n`);
    return 2;
  }
  withoutInspector();
  // Each kernel listens for the end of the process.
  process.setMaxListeners(0);
  const kernels = new Kernels(root, scratch);
  const [python, kernel] = await Promise.all([CPython.start(), kernels.load()]);
  const session = new Session(options, python, kernels, kernel, root);
  if (options.mutants) return session.huntAll();
  return options.kept ? session.replay() : session.tryPrograms();
}

/** Messages that print a function ask the inspector for its place, which is slow where functions are new each time. */
function withoutInspector(): void {
  const inspector = createRequire(import.meta.url)(
    "node:inspector",
  ) as typeof import("node:inspector");
  inspector.Session.prototype.connect = () => {
    throw new Error("not while programs are tried");
  };
}

class Session {
  readonly #options: Options;
  readonly #python: CPython;
  readonly #kernels: Kernels;
  readonly #kernel: Kernel;
  readonly #root: string;

  constructor(options: Options, python: CPython, kernels: Kernels, kernel: Kernel, root: string) {
    this.#options = options;
    this.#python = python;
    this.#kernels = kernels;
    this.#kernel = kernel;
    this.#root = root;
  }

  async tryPrograms(): Promise<number> {
    const { count, seed } = this.#options;
    const trial = new Trial(this.#python, this.#kernel);
    const progress = new Progress("programs", count);
    await trial.run(seed, count, (done) => progress.show(done));
    progress.end();
    const { differences, tally, coverage } = trial;
    const data = {
      python: this.#python.version,
      count,
      seed,
      ...tally,
      notes: Object.fromEntries(tally.notes),
      coverage: { ...coverage, operations: Object.fromEntries(coverage.operations) },
      differences,
    };
    this.#print(data, [
      `CPython ${this.#python.version}, ${count} programs from seed ${seed}`,
      ...tallyLines(tally),
      ...coverage.lines(),
      ...differences.flatMap((each) => ["", ...differenceLines(each)]),
    ]);
    return differences.length > 0 ? 1 : 0;
  }

  async huntAll(): Promise<number> {
    const hunt = new Hunt(this.#python, this.#kernels, this.#kernel, this.#options.seed);
    const catches = new Map<string, Catch | null>();
    const progress = new Progress("mutants", MUTANTS.length);
    for (const mutant of MUTANTS) {
      progress.show(catches.size);
      const caught = await hunt.hunt(mutant, PATIENCE);
      catches.set(mutant.name, caught);
      progress.end();
      if (!this.#options.json) process.stdout.write(`${mutantLine(mutant.name, caught)}\n`);
    }
    const caught = [...catches.values()].filter((each) => each !== null);
    if (this.#options.write) {
      writeCatches(this.#corpus, caught);
      writeTable(join(this.#root, "docs", "oracle.md"), caught);
    }
    this.#print(Object.fromEntries(catches), [`${caught.length} of ${MUTANTS.length} caught`]);
    return caught.length === MUTANTS.length ? 0 : 1;
  }

  get #corpus(): string {
    return join(this.#root, "tests", "oracle", "corpus");
  }

  /** The kept programs agree; each mutant is caught by the program that has caught it before. */
  async replay(): Promise<number> {
    const trial = new Trial(this.#python, this.#kernel);
    const programs: Record<string, boolean> = {};
    for (const { name, policies, program } of readCorpus(this.#corpus)) {
      programs[name] = true;
      for (const policy of policies) {
        const kind =
          policy === "stepped"
            ? (await trial.judgeStepped(program)).kind
            : await trial.judgeDirect(program);
        if (kind === "differs") programs[name] = false;
      }
    }
    const mutants = await this.#catchAgain();
    const all = [...Object.values(programs), ...Object.values(mutants)];
    const line = ([name, good]: [string, boolean]): string => `${good ? "ok " : "BAD"}  ${name}`;
    this.#print({ programs, mutants }, [
      ...Object.entries(programs).map(line),
      ...Object.entries(mutants).map(line),
    ]);
    return all.every(Boolean) ? 0 : 1;
  }

  async #catchAgain(): Promise<Record<string, boolean>> {
    const hunt = new Hunt(this.#python, this.#kernels, this.#kernel, 0);
    const kept = new Map(readCatches(this.#corpus).map(({ mutant, program }) => [mutant, program]));
    const caught: Record<string, boolean> = {};
    for (const mutant of MUTANTS) {
      const program = kept.get(mutant.name);
      caught[mutant.name] =
        program !== undefined && (await hunt.catches(await this.#kernels.load(mutant), program));
    }
    return caught;
  }

  #print(data: unknown, lines: readonly string[]): void {
    process.stdout.write(
      this.#options.json ? `${JSON.stringify(data)}\n` : `${lines.join("\n")}\n`,
    );
  }
}
