/*
 * One line on a terminal that shows how far the download is: bar, count, elapsed time, troubles.
 *
 * It is painted ten times a second at most, by a timer, however fast flags come in, and is cut to
 * the width of the terminal, as a line that wraps cannot be painted over. On anything but a
 * terminal it does nothing at all: no control character ever goes into a pipe.
 */
/** What the bar shows. */
export interface Progress {
  readonly label: string;
  readonly total: number;
  readonly notFound: number;
  readonly errors: number;
  readonly done: number;
}

/** What the bar needs of a stream; `process.stderr` fits. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const repaintEvery = 100;

/** The bar; it exists whether there is a terminal or not, and is painted only if there is. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #progress: () => Progress;
  readonly #isOn: boolean;
  readonly #blocks: readonly [full: string, empty: string];
  readonly #lines: string[] = [];
  readonly #writeLine: (line: string) => void;
  #start = 0;
  #timer: NodeJS.Timeout | undefined;
  #shown = "";

  /** @param writeLine where the lines that {@link print} gets are written to */
  constructor(
    terminal: Terminal,
    progress: () => Progress,
    writeLine: (line: string) => void,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.#terminal = terminal;
    this.#progress = progress;
    this.#writeLine = writeLine;
    this.#isOn = terminal.isTTY === true && env["TERM"] !== "dumb";
    const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "UTF-8";
    this.#blocks = /utf-?8/i.test(locale) ? ["█", "░"] : ["#", "."];
  }

  start(): void {
    if (!this.#isOn) return;
    this.#start = performance.now();
    this.#repaint();
    this.#timer = setInterval(() => this.#repaint(), repaintEvery).unref();
  }

  /** Prints a line above the bar: at once if there is no bar, else with its next painting. */
  print(line: string): void {
    if (this.#timer) this.#lines.push(line);
    else this.#writeLine(line);
  }

  /** Takes the bar away; the line is as if nothing had been there. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#flush();
    this.#erase();
  }

  #repaint(): void {
    this.#flush();
    const seconds = (performance.now() - this.#start) / 1000;
    const line = barLine(this.#progress(), seconds, this.#terminal.columns, this.#blocks);
    if (line === this.#shown) return;
    this.#terminal.write(`\r${line}\u001B[K`);
    this.#shown = line;
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    this.#erase();
    for (const line of this.#lines.splice(0)) this.#writeLine(line);
  }

  #erase(): void {
    if (this.#shown === "") return;
    this.#terminal.write("\r\u001B[K");
    this.#shown = "";
  }
}

/** The text of the bar; shorter than `columns`, so that the cursor stays on the line. */
export function barLine(
  { label, total, done, notFound, errors }: Progress,
  seconds: number,
  columns = 80,
  [full, empty]: readonly [string, string] = ["█", "░"],
): string {
  const facts = [
    `${String(done).padStart(String(total).length)}/${total}`,
    `${seconds.toFixed(1)} s`,
  ];
  if (notFound > 0) facts.push(`${notFound} not found`);
  if (errors > 0) facts.push(`${errors} ${errors === 1 ? "error" : "errors"}`);
  const text = facts.join("  ");
  const room = Math.min(40, columns - 1 - label.length - text.length - 2);
  if (room < 5) return text.slice(0, Math.max(0, columns - 1));
  const filled = total === 0 ? room : Math.floor((room * done) / total);
  return `${label} ${full.repeat(filled)}${empty.repeat(room - filled)} ${text}`;
}
