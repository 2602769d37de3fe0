/*
 * LineInput: what a client sends, byte by byte, made into lines.
 *
 * Strategy: netcat sends lines that end with LF; telnet ends them with CR LF or CR NUL and mixes commands in, each of
 * which begins with the byte 255, which UTF-8 never has (RFC 854). What telnet asks for is refused, as a client that gets
 * no answer may wait for it. Other controls are left out, but for what people press: Ctrl-C drops the line, Ctrl-D ends
 * the conversation, and backspace works where the terminal leaves it to us.
 * Limits: a line longer than the limit is dropped as a whole, and said to have been.
 */

/** What came of the bytes. */
export type Happening =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "too long" }
  /** Ctrl-C: stop what is being done. */
  | { readonly kind: "interrupt" }
  /** Ctrl-D. */
  | { readonly kind: "end" }
  /** To be sent back, for telnet's sake. */
  | { readonly kind: "reply"; readonly bytes: Uint8Array };

const INTERRUPT = 0x03;
const END = 0x04;
const BACKSPACE = 0x08;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const DELETE = 0x7f;

const SE = 240;
const INTERRUPT_PROCESS = 244;
const SB = 250;
const WILL = 251;
const WONT = 252;
const DO = 253;
const DONT = 254;
const IAC = 255;

type State = "text" | "cr" | "command" | "will" | "do" | "option" | "sub" | "sub command";

/** Makes lines of bytes. */
export class LineInput {
  /** How this client ends its lines; CR LF until it is known, which all terminals understand. */
  newline: "\r\n" | "\n" = "\r\n";
  readonly #limit: number;
  readonly #line: number[] = [];
  #isTooLong = false;
  #state: State = "text";

  /** @param limit of a line, in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What comes of these bytes, in order. */
  push(bytes: Uint8Array): Happening[] {
    const happenings: Happening[] = [];
    for (const byte of bytes) {
      const happening = this.#take(byte);
      if (happening !== null) happenings.push(happening);
    }
    return happenings;
  }

  /** The client sends no more: a line without an end is one, too. */
  finish(): Happening[] {
    return this.#line.length > 0 || this.#isTooLong ? [this.#endLine()] : [];
  }

  #take(byte: number): Happening | null {
    switch (this.#state) {
      case "text":
        return this.#takeText(byte);
      case "cr":
        this.#state = "text";
        return byte === LF || byte === 0 ? null : this.#takeText(byte);
      case "command":
        return this.#takeCommand(byte);
      case "will":
        return this.#refuse(DONT, byte);
      case "do":
        return this.#refuse(WONT, byte);
      case "option":
        this.#state = "text";
        return null;
      case "sub":
        if (byte === IAC) this.#state = "sub command";
        return null;
      case "sub command":
        this.#state = byte === SE ? "text" : "sub";
        return null;
    }
  }

  #takeText(byte: number): Happening | null {
    switch (byte) {
      case IAC:
        this.#state = "command";
        return null;
      case CR:
        this.#state = "cr";
        this.newline = "\r\n";
        return this.#endLine();
      case LF:
        this.newline = "\n";
        return this.#endLine();
      case INTERRUPT:
        return this.#interrupt();
      case END:
        return { kind: "end" };
      case BACKSPACE:
      case DELETE:
        this.#erase();
        return null;
      default:
        if (byte >= 0x20 || byte === TAB) this.#add(byte);
        return null;
    }
  }

  #takeCommand(byte: number): Happening | null {
    this.#state = COMMANDS.get(byte) ?? "text";
    return byte === INTERRUPT_PROCESS ? this.#interrupt() : null;
  }

  #refuse(answer: number, option: number): Happening {
    this.#state = "text";
    return { kind: "reply", bytes: Uint8Array.of(IAC, answer, option) };
  }

  #interrupt(): Happening {
    this.#clear();
    return { kind: "interrupt" };
  }

  #endLine(): Happening {
    const text = Buffer.from(this.#line).toString("utf8");
    const isTooLong = this.#isTooLong;
    this.#clear();
    return isTooLong ? { kind: "too long" } : { kind: "line", text };
  }

  #add(byte: number): void {
    if (this.#line.length < this.#limit) this.#line.push(byte);
    else this.#isTooLong = true;
  }

  /** The last character, which may be of several bytes. */
  #erase(): void {
    let byte = this.#line.pop();
    while (byte !== undefined && (byte & 0xc0) === 0x80) byte = this.#line.pop();
  }

  #clear(): void {
    this.#line.length = 0;
    this.#isTooLong = false;
  }
}

const COMMANDS: ReadonlyMap<number, State> = new Map([
  [SB, "sub"],
  [WILL, "will"],
  [WONT, "option"],
  [DO, "do"],
  [DONT, "option"],
]);
