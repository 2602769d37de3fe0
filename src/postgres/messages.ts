/*
 * Messages of the protocol in one piece.
 *
 * Strategy: pg writes each message by itself. Here they are written into a list, and go out as one buffer: a system call
 * with many small buffers costs more than putting them together does. What always follows the parameters of a statement
 * is put together once.
 * Limits: what is large goes out as it is, since copying it would cost more.
 */
import { pg, type RawConnection } from "./driver.ts";

/** From how many bytes on nothing is copied any more. */
const LARGE = 16 * 1024;

/** Writes messages for a connection. @internal */
export class Messages {
  readonly #parts: Uint8Array[] = [];
  #size = 0;
  /** Has the methods of a connection. */
  readonly to: RawConnection;

  constructor() {
    const write = (part: Uint8Array): boolean => {
      this.#parts.push(part);
      this.#size += part.length;
      return true;
    };
    const stream = { value: { writable: true, write } };
    this.to = Object.create(pg().Connection.prototype, { stream }) as RawConnection;
  }

  /** What was written; nothing is left. */
  take(): Uint8Array[] {
    const parts = this.#size < LARGE ? [Buffer.concat(this.#parts, this.#size)] : [...this.#parts];
    this.#parts.length = this.#size = 0;
    return parts;
  }

  /** Sends what was written over a connection. */
  send({ stream }: RawConnection): void {
    const parts = this.take();
    if (!stream.writable) return;
    if (parts.length > 1) stream.cork();
    for (const part of parts) stream.write(part);
    if (parts.length > 1) stream.uncork();
  }

  /** Forgets what was written. */
  drop(): void {
    this.#parts.length = this.#size = 0;
  }
}

let shared: Messages | null = null;
let tail: Uint8Array | null = null;

/** The one that all connections use: nothing stays in it. @internal */
export function messages(): Messages {
  return (shared ??= new Messages());
}

/** Describes the portal, takes all its rows, and ends the command. @internal */
export function wholeResult(to: RawConnection): void {
  if (tail === null) {
    const made = new Messages();
    made.to.describe({ type: "P", name: "" });
    made.to.execute({ rows: 0 });
    made.to.sync();
    tail = Buffer.concat(made.take());
  }
  to.stream.write(tail);
}
