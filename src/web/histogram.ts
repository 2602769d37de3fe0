/*
 * Histogram: how many of what was observed were at most so large, as Prometheus counts.
 */

interface Series {
  /** Of each bucket alone, not of those below. */
  readonly counts: number[];
  sum: number;
  count: number;
}

/** @internal */
export class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
  }

  observe(labels: string, value: number): void {
    let series = this.#series.get(labels);
    if (series === undefined) {
      series = { counts: this.#bounds.map(() => 0), sum: 0, count: 0 };
      this.#series.set(labels, series);
    }
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at !== -1) (series.counts[at] as number)++;
    series.sum += value;
    series.count++;
  }

  lines(): string[] {
    const name = this.#name;
    const lines = [`# HELP ${name} ${this.#help}`, `# TYPE ${name} histogram`];
    for (const [labels, series] of this.#series) lines.push(...this.#linesOf(labels, series));
    return lines;
  }

  #linesOf(labels: string, { counts, sum, count }: Series): string[] {
    const name = this.#name;
    let below = 0;
    const buckets = counts.map((each, at) => {
      below += each;
      return `${name}_bucket{${labels},le="${this.#bounds[at]}"} ${below}`;
    });
    return [
      ...buckets,
      `${name}_bucket{${labels},le="+Inf"} ${count}`,
      `${name}_sum{${labels}} ${sum}`,
      `${name}_count{${labels}} ${count}`,
    ];
  }
}

/** Labels as they stand between the braces. @internal */
export function labelled(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, escaped)}"`)
    .join(",");
}

function escaped(char: string): string {
  return char === "\n" ? "\\n" : `\\${char}`;
}
