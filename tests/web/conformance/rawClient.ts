/*
 * A client that sends bytes as they are, right or wrong, and reads answers strictly.
 *
 * Real time: what a server makes of bytes depends on how they come, so there is a socket, and between two pieces a
 * while in which the server could answer too early. Nothing is measured by it.
 */
import { connect, type Socket } from "node:net";
import { type Answer, readAnswer } from "./strictAnswers.ts";

/** Between two pieces, in milliseconds: they arrive apart. */
const PAUSE = 10;
/** After this long without what is waited for, a test fails, in milliseconds. */
const PATIENCE = 5000;

export class RawClient {
  readonly #socket: Socket;
  /** The methods of the requests whose answers are still to be read; of one unknown, GET. */
  readonly #methods: string[];
  #bytes = "";
  #at = 0;
  #closed = false;
  #error: Error | null = null;
  #putBack: Answer[] = [];
  #wake: (() => void) | null = null;

  private constructor(socket: Socket, methods: readonly string[]) {
    this.#socket = socket;
    this.#methods = [...methods];
    socket.setEncoding("latin1").setNoDelay(true);
    socket.on("data", (text: string) => {
      this.#bytes += text;
      this.#wake?.();
    });
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#end());
    socket.on("error", (error) => (this.#error = error));
  }

  static async open(port: number, methods: readonly string[] = []): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
    });
    return new RawClient(socket, methods);
  }

  /** Each piece by itself. Gives how many bytes had been answered before the last piece. */
  async send(pieces: readonly string[]): Promise<number> {
    let before = this.#bytes.length;
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE));
      before = this.#bytes.length;
      if (!this.#closed) this.#socket.write(piece, "latin1");
    }
    return before;
  }

  /** The next answer; null when the connection was closed before it. Informational ones are answers, too. */
  async answer(): Promise<Answer | null> {
    for (;;) {
      const known = this.#putBack.pop();
      if (known !== undefined) return known;
      const method = this.#methods[0] ?? "GET";
      const read = readAnswer(this.#bytes, this.#at, method, this.#closed);
      if (read !== null) {
        this.#at = read.next;
        if (read.value.status >= 200) this.#methods.shift();
        return read.value;
      }
      if (this.#closed) return this.#atEnd();
      await this.#more("an answer");
    }
  }

  /** It is the next answer again. */
  putBack(answer: Answer | null): void {
    if (answer !== null) this.#putBack.push(answer);
  }

  /** Waits until the server has closed; gives what it sent that was not read. */
  async closed(): Promise<string> {
    while (!this.#closed) await this.#more("the end of the connection");
    return this.#bytes.slice(this.#at);
  }

  /** Says that nothing more is sent. */
  finish(): void {
    this.#socket.end();
  }

  /** Whether the end came as a reset, which may lose answers. */
  get reset(): boolean {
    return this.#error !== null;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #atEnd(): null {
    const rest = this.#bytes.slice(this.#at);
    if (rest !== "") throw new Error(`closed in the middle of an answer: ${JSON.stringify(rest)}`);
    return null;
  }

  #end(): void {
    this.#closed = true;
    this.#wake?.();
  }

  #more(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const got = JSON.stringify(this.#bytes.slice(this.#at, this.#at + 300));
      const late = new Error(`waited in vain for ${what}; got ${got}`);
      const timer = setTimeout(() => reject(late), PATIENCE);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}
