/*
 * What the generated programs were made of: how often each operation stands in them, how many of the programs saw a
 * cancel, a deadlock, an error. An operation that never appears tests nothing.
 */
import type { Result } from "./cpython.ts";
import { OPS } from "./ops/index.ts";
import { type Program, statementsOf } from "./program.ts";

export class Coverage {
  programs = 0;
  statements = 0;
  /** Programs in which a cancellation arrived somewhere before the end, which cancels what is left. */
  cancelled = 0;
  deadlocked = 0;
  failed = 0;
  /** How many programs have it. */
  readonly operations: Map<string, number> = new Map([...OPS.keys()].map((name) => [name, 0]));

  add(program: Program, result: Result): void {
    this.programs++;
    const names = new Set<string>();
    for (const { body } of program.functions) {
      for (const { op } of statementsOf(body)) {
        this.statements++;
        names.add(op);
      }
    }
    for (const name of names) this.operations.set(name, (this.operations.get(name) as number) + 1);
    const before = result.log.filter((line) => !line.startsWith("t"));
    if (before.some((line) => /CancelledError\((?!end)/.test(line))) this.cancelled++;
    if (result.end === "Deadlock") this.deadlocked++;
    if (before.some((line) => /\|f\d+\|[A-Z]/.test(line) && !line.includes("CancelledError")))
      this.failed++;
  }

  /** The operations that no program has. */
  missing(): string[] {
    return [...this.operations].filter(([, count]) => count === 0).map(([name]) => name);
  }

  lines(): string[] {
    const share = (count: number): string => `${((100 * count) / this.programs).toFixed(1)} %`;
    const operations = [...this.operations].sort(([, one], [, other]) => other - one);
    return [
      `${this.programs} programs with ${this.statements} statements; a cancel arrived in ${share(this.cancelled)}, ` +
        `a function failed in ${share(this.failed)}, ${share(this.deadlocked)} ended in a deadlock`,
      ...operations.map(
        ([name, count]) => `  ${name.padEnd(28)} in ${share(count).padStart(7)} of the programs`,
      ),
    ];
  }
}
