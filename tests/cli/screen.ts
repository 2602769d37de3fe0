/*
 * A small terminal: what a program writes, as the picture that one would see.
 *
 * It knows what programs that paint over their lines use: carriage return, newline, the cursor up,
 * erasing to the end of line and screen, hiding and showing the cursor, colours (left out of the
 * picture), wrapping at the right edge, scrolling at the bottom. Anything else fails the test.
 */
import type { Output } from "../../src/cli/streams.ts";

// oxlint-disable-next-line no-control-regex -- escape sequences begin with one
const SEQUENCE = /^\u001B\[(\??[\d;]*)([A-Za-z])/;
const WIDE = /^[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60]$/;

/** The cell after a wide character. */
const COVERED = "";

export class FakeTerminal implements Output {
  readonly isTTY = true;
  columns: number;
  rows: number;
  cursorVisible = true;
  /** Everything that was written, for those who look for what must not be there. */
  written = "";
  /** How many times something was written. */
  writes = 0;
  readonly #coloured: boolean;
  #cells: string[][] = [[]];
  /** Lines that went out at the top. */
  #scrolled: string[] = [];
  #row = 0;
  #column = 0;

  constructor(columns = 80, rows = 24, coloured = false) {
    this.columns = columns;
    this.rows = rows;
    this.#coloured = coloured;
  }

  hasColors(): boolean {
    return this.#coloured;
  }

  /** What is on the screen now, without the empty rows at its end. */
  get picture(): string[] {
    const lines = this.#cells.map((cells) =>
      Array.from(cells, (c) => c ?? " ")
        .join("")
        .trimEnd(),
    );
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  /** The same with what has gone out at the top. */
  get history(): string[] {
    return [...this.#scrolled, ...this.picture];
  }

  /** Where the cursor is, from 0. */
  get cursor(): { row: number; column: number } {
    return { row: this.#row, column: this.#column };
  }

  /** Makes the window another size; like many terminals it leaves the lines as they are. */
  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    while (this.#cells.length > rows) this.#scroll();
  }

  write(text: string): boolean {
    this.written += text;
    this.writes++;
    let rest = text;
    while (rest !== "") {
      const sequence = SEQUENCE.exec(rest);
      if (sequence !== null) {
        this.#obey(sequence[1] ?? "", sequence[2] ?? "");
        rest = rest.slice(sequence[0].length);
        continue;
      }
      const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      this.#type(character);
      rest = rest.slice(character.length);
    }
    return true;
  }

  #type(character: string): void {
    if (character === "\r") this.#column = 0;
    else if (character === "\n") {
      this.#column = 0;
      this.#down();
    } else if (character < " ")
      throw new Error(`a control character: ${JSON.stringify(character)}`);
    else if (/^\p{M}$/u.test(character)) this.#line[this.#column - 1] += character;
    else this.#put(character, WIDE.test(character) ? 2 : 1);
  }

  #put(character: string, width: number): void {
    if (this.#column + width > this.columns) {
      this.#column = 0;
      this.#down();
    }
    const line = this.#line;
    while (line.length < this.#column) line.push(" ");
    line[this.#column] = character;
    if (width === 2) line[this.#column + 1] = COVERED;
    this.#column += width;
  }

  #obey(parameter: string, command: string): void {
    const count = Number(parameter || 1);
    if (command === "A") this.#row = Math.max(0, this.#row - count);
    else if (command === "K") this.#line.length = Math.min(this.#line.length, this.#column);
    else if (command === "J") {
      this.#line.length = Math.min(this.#line.length, this.#column);
      this.#cells.length = this.#row + 1;
    } else if (parameter === "?25" && /[hl]/.test(command)) this.cursorVisible = command === "h";
    else if (command !== "m") throw new Error(`a sequence: ${JSON.stringify(parameter + command)}`);
  }

  get #line(): string[] {
    return (this.#cells[this.#row] ??= []);
  }

  #down(): void {
    this.#row++;
    this.#cells[this.#row] ??= [];
    while (this.#cells.length > this.rows) this.#scroll();
  }

  #scroll(): void {
    this.#scrolled.push((this.#cells.shift() ?? []).join("").trimEnd());
    this.#row = Math.max(0, this.#row - 1);
  }
}

/** An output that is no terminal. */
export class FakePipe implements Output {
  readonly isTTY = false;
  text = "";

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}
