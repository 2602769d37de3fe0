/*
 * The last lines of a terminal, painted over and over, while other lines come above them.
 *
 * Strategy: a painting is one write: up to the first line, each line with the rest of its row
 * erased, what is left below erased. The cursor stays on the last line, hidden. A line
 * is narrower than the window, for one that wraps cannot be painted over; when the window has
 * become narrower since, the rows that the terminal made of each line are counted.
 * The cursor comes back when the area is closed, and at the process's end, whatever ends it, except
 * SIGKILL.
 * Limits: how a terminal breaks lines when its window is resized is not the same everywhere; the
 * count is right for those that do not join them again, and for those that do.
 */
import type { Output } from "./streams.ts";
import { widthOf } from "./terminalText.ts";

const HIDE = "\u001B[?25l";
const SHOW = "\u001B[?25h";
const ERASE_LINE = "\u001B[K";
const ERASE_BELOW = "\u001B[J";
/** What colours a text takes no column. */
// oxlint-disable-next-line no-control-regex -- the escape sequences of colours begin with one
const COLOUR = /\u001B\[[\d;]*m/g;

/** Lines at the bottom of a terminal that are painted over. */
export class LiveArea {
  readonly #terminal: Output;
  /** The widths of the lines that are on the screen. */
  #shown: readonly number[] = [];
  #log: string[] = [];
  #hidden = false;
  readonly #onExit = (): void => this.close();

  constructor(terminal: Output) {
    this.#terminal = terminal;
  }

  /** How wide a line may be, and how many there may be. */
  get size(): { readonly columns: number; readonly rows: number } {
    const { columns = 80, rows = 24 } = this.#terminal;
    // A terminal that does not know its size says 0.
    return { columns: (columns || 80) - 1, rows: Math.max(1, (rows || 24) - 1) };
  }

  /** Puts a line above the area, with the next painting. */
  print(line: string): void {
    this.#log.push(line);
  }

  /** Paints these lines in place of those that are there; each fits in {@link LiveArea.size}. */
  paint(lines: readonly string[]): void {
    let text = "";
    if (!this.#hidden) {
      this.#hidden = true;
      process.on("exit", this.#onExit);
      text += HIDE;
    }
    text += this.#toTop();
    if (this.#log.length > 0) text += ERASE_BELOW + this.#takeLog();
    // At the end of a full line the ^C that a terminal shows for Ctrl-C would begin a row of its own.
    text += `${lines.map((line) => line + ERASE_LINE).join("\n")}${ERASE_BELOW}\r`;
    this.#shown = lines.map((line) => widthOf(line.replace(COLOUR, "")));
    this.#terminal.write(text);
  }

  /** Takes the area away, as if it had never been there; the lines above it stay. */
  close(): void {
    process.off("exit", this.#onExit);
    let text = "";
    if (this.#shown.length > 0) text += this.#toTop() + ERASE_BELOW;
    text += this.#takeLog();
    if (this.#hidden) text += SHOW;
    this.#shown = [];
    this.#hidden = false;
    if (text !== "") this.#terminal.write(text);
  }

  #takeLog(): string {
    const text = this.#log.map((line) => `${line}\n`).join("");
    this.#log = [];
    return text;
  }

  /** From the last line to the beginning of the first. */
  #toTop(): string {
    if (this.#shown.length === 0) return "";
    const { columns, rows } = this.size;
    const above = this.#shown
      .map((width) => Math.max(1, Math.ceil(width / (columns + 1))))
      .reduce((sum, count) => sum + count, -1);
    const up = Math.min(above, rows);
    return up > 0 ? `\r\u001B[${up}A` : "\r";
  }
}
