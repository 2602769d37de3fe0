/*
 * `Expect: 100-continue`: a body that waits until the server wants it (RFC 9110, 10.1.1).
 *
 * Undici knows nothing of it over HTTP/1.1: it refuses the header, writes a body right after its
 * head, and takes a 100 for a broken answer. So a gate stands between it and the socket for the time
 * of one request. Undici's first write is the head, to which the header is added; what it writes
 * after that is kept until the gate opens. (Told that the buffer is full, it asks for no second chunk
 * until then.) Of what comes, a 100 is taken out, which opens the gate; the rest is undici's.
 * An answer that comes instead of a 100 leaves the gate closed: undici sees an answer to a request
 * that is not sent whole, and closes the connection after it, as it should.
 * Limits: one request at a time, with a body in chunks; HTTP/1.1.
 */
import type { Socket } from "node:net";
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";

const EXPECT = "expect: 100-continue\r\n";
const END = "\r\n\r\n";
/** More of a head than that is given to undici as it is. */
const MOST = 16_384;

type Write = (chunk: Uint8Array | string, encoding?: BufferEncoding) => boolean;

/** @internal */
export class ContinueGate {
  readonly #loop: Loop;
  readonly #patience: number;
  #socket: Socket | null = null;
  #write!: Write;
  #read!: Socket["read"];
  /** What else stands at the socket. */
  #before: Socket["read"] | null = null;
  #timer: TimerHandle | null = null;
  #state: "head" | "closed" | "open" = "head";
  #kept: Buffer[] = [];
  /** What came and is not yet a whole head. */
  #came: Buffer = Buffer.alloc(0);

  /** Opens by itself after `patience` milliseconds. */
  constructor(loop: Loop, patience: number) {
    this.#loop = loop;
    this.#patience = patience;
  }

  /** Takes its place at a socket, before undici writes a request to it. */
  stand(socket: Socket): void {
    this.#state = "head";
    this.#socket = socket;
    this.#write = socket.write.bind(socket) as Write;
    this.#before = Object.hasOwn(socket, "read") ? socket.read : null;
    this.#read = socket.read.bind(socket);
    socket.write = ((chunk: Uint8Array | string, encoding?: BufferEncoding) =>
      this.#onWrite(chunk, encoding)) as Socket["write"];
    socket.read = (size?: number) => this.#onRead(size) as unknown;
  }

  #onWrite(chunk: Uint8Array | string, encoding: BufferEncoding = "utf8"): boolean {
    if (this.#state === "head") return this.#writeHead(String(chunk));
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
    this.#kept.push(bytes);
    return false;
  }

  #writeHead(head: string): boolean {
    // Nothing follows: there is nothing to ask for.
    if (head.endsWith("\r\ncontent-length: 0\r\n\r\n")) {
      this.open();
      return this.#write(head, "latin1");
    }
    this.#state = "closed";
    const until = this.#loop.time() + this.#patience;
    this.#timer = this.#loop.schedule<ContinueGate>(until, open, this);
    // A head in chunks ends with its last line; the empty line is the begin of the first chunk.
    const whole = head.endsWith(END);
    if (!whole) this.#kept.push(Buffer.alloc(0));
    this.#write((whole ? head.slice(0, -2) : head) + EXPECT + "\r\n", "latin1");
    return false;
  }

  #onRead(size: number | undefined): Buffer | null {
    const chunk = (size === undefined ? this.#read() : this.#read(size)) as Buffer | null;
    if (chunk === null) return null;
    this.#came = this.#came.length === 0 ? chunk : Buffer.concat([this.#came, chunk]);
    return this.#taken();
  }

  /** What of it is for undici; null while that cannot be told, or is nothing. */
  #taken(): Buffer | null {
    const end = this.#came.indexOf(END);
    if (end < 0 && this.#came.length < MOST) return null;
    const came = this.#came;
    this.#came = Buffer.alloc(0);
    this.#giveReadBack(this.#socket as Socket);
    if (!/^HTTP\/1\.[01] 100[ \r]/.test(came.toString("latin1", 0, 13))) return came;
    this.open();
    const rest = came.subarray(end + END.length);
    return rest.length === 0 ? null : rest;
  }

  /** Lets the body go: the server wants it, or has been waited for long enough. */
  open(): void {
    const socket = this.#socket;
    if (socket === null || this.#state === "open") return;
    this.#state = "open";
    this.#timer?.cancel();
    Reflect.deleteProperty(socket, "write");
    const kept = this.#kept;
    this.#kept = [];
    if (kept.length === 0 || socket.destroyed) return;
    let more = true;
    for (const bytes of this.#unframed(kept)) more = this.#write(bytes);
    // Undici was told to wait for this; a buffer that is really full says so itself, later.
    if (more) queueMicrotask(() => socket.emit("drain"));
  }

  /** The head of a body in chunks was ended already: its first chunk begins with that line's end. */
  #unframed(kept: readonly Buffer[]): readonly Buffer[] {
    const [mark, first, ...others] = kept;
    if (mark?.length !== 0 || first === undefined) return kept;
    return [first.subarray(2), ...others];
  }

  /** The request is over, or goes on over another connection. */
  leave(): void {
    const socket = this.#socket;
    this.#timer?.cancel();
    this.#kept = [];
    this.#socket = null;
    if (socket === null) return;
    Reflect.deleteProperty(socket, "write");
    this.#giveReadBack(socket);
  }

  #giveReadBack(socket: Socket): void {
    if (this.#before === null) Reflect.deleteProperty(socket, "read");
    else socket.read = this.#before;
  }
}

function open(gate: ContinueGate): void {
  gate.open();
}
