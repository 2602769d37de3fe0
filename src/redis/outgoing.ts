/*
 * What goes out over one connection: all that one turn of the event loop sends, in one piece.
 *
 * Strategy: text is joined once, as text, when it is written. A piece that has grown large goes out before the turn ends.
 */
import type { Redis as DriverRedis } from "ioredis";

/** How many characters or bytes make a piece large. */
const LARGE = 256 * 1024;

/** @internal */
export class Outgoing {
  readonly #driver: DriverRedis;
  #texts: string[] = [];
  #parts: Uint8Array[] = [];
  #size = 0;
  #due = false;

  constructor(driver: DriverRedis) {
    this.#driver = driver;
  }

  /** Called by the driver with a command, as it goes over the network. */
  write(data: string | Uint8Array): boolean {
    if (typeof data === "string") this.#texts.push(data);
    else {
      this.#cut();
      this.#parts.push(data);
    }
    this.#size += data.length;
    if (this.#size >= LARGE) this.flush();
    else if (!this.#due) {
      this.#due = true;
      process.nextTick(this.flush);
    }
    return true;
  }

  readonly flush = (): void => {
    this.#due = false;
    if (this.#size === 0) return;
    const { stream } = this.#driver;
    // What is closing takes nothing more; its end is told to who waits for the answers.
    if (!stream.writable) return this.drop();
    if (this.#parts.length === 0) stream.write(this.#texts.join(""));
    else {
      this.#cut();
      stream.write(Buffer.concat(this.#parts));
    }
    this.drop();
  };

  /** Forgets what was not written: its connection is gone. */
  drop(): void {
    this.#texts = [];
    this.#parts = [];
    this.#size = 0;
  }

  #cut(): void {
    if (this.#texts.length === 0) return;
    this.#parts.push(Buffer.from(this.#texts.join("")));
    this.#texts = [];
  }
}
