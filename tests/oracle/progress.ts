/*
 * A line of progress, on a terminal only.
 */

export class Progress {
  readonly #what: string;
  readonly #total: number;
  readonly #start = performance.now();
  readonly #shown = process.stderr.isTTY;

  constructor(what: string, total: number) {
    this.#what = what;
    this.#total = total;
  }

  show(done: number): void {
    if (!this.#shown) return;
    const filled = Math.round((30 * done) / this.#total);
    const bar = "█".repeat(filled) + "░".repeat(30 - filled);
    const seconds = (performance.now() - this.#start) / 1000;
    process.stderr.write(`\r${bar} ${done}/${this.#total} ${this.#what}, ${seconds.toFixed(0)} s `);
  }

  end(): void {
    if (this.#shown) process.stderr.write("\r\u001b[K");
  }
}
