/**
 * Frames of RFC 6455 by hand, right and wrong ones, and a client that speaks them over a real socket.
 */
import { createHash, randomBytes } from "node:crypto";
import { timeout } from "ambit";
import { openConnection, type StreamReader, type StreamWriter } from "ambit/streams";

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export interface FrameInit {
  readonly fin?: boolean;
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv?: number;
  readonly masked?: boolean;
  readonly mask?: Uint8Array;
  /** In how many bytes the length is written: 0 (in the second byte), 2 or 8. Default: the fewest. */
  readonly lengthBytes?: 0 | 2 | 8;
  /** The length that is written. Default: the true one. */
  readonly length?: number | bigint;
}

export function frame(
  opcode: number,
  payload: string | Uint8Array = "",
  init: FrameInit = {},
): Buffer {
  const bytes = Buffer.from(payload as string);
  const { fin = true, rsv = 0, masked = true, mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]) } = init;
  const length = init.length ?? bytes.length;
  const fewest = length <= 125 ? 0 : length <= 65_535 ? 2 : 8;
  const lengthBytes = init.lengthBytes ?? fewest;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] =
    (masked ? 0x80 : 0) | (lengthBytes === 0 ? Number(length) : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(Number(length), 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([head, bytes]);
  return Buffer.concat([head, mask, bytes.map((byte, at) => byte ^ (mask[at % 4] as number))]);
}

export const text = (payload: string | Uint8Array = "", init?: FrameInit): Buffer =>
  frame(TEXT, payload, init);
export const binary = (payload: string | Uint8Array = "", init?: FrameInit): Buffer =>
  frame(BINARY, payload, init);
export const more = (payload: string | Uint8Array = "", init?: FrameInit): Buffer =>
  frame(CONTINUATION, payload, init);
export const ping = (payload: string | Uint8Array = "", init?: FrameInit): Buffer =>
  frame(PING, payload, init);
export const pong = (payload: string | Uint8Array = "", init?: FrameInit): Buffer =>
  frame(PONG, payload, init);

export function closePayload(code: number, reason: string | Uint8Array = ""): Buffer {
  const bytes = Buffer.from(reason as string);
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), bytes]);
}

export const close = (code: number, reason: string | Uint8Array = "", init?: FrameInit): Buffer =>
  frame(CLOSE, closePayload(code, reason), init);

/** A frame that the server has sent. */
export interface ServerFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

/** A frame in words: `text "abc"`, `pong "x"`, `close 1000 bye`, `binary 0102`. */
export function inWords({ opcode, fin, rsv, masked, payload }: ServerFrame): string {
  const odd = `${fin ? "" : "unfinished "}${rsv === 0 ? "" : `rsv=${rsv} `}${masked ? "masked " : ""}`;
  if (opcode === TEXT) return `${odd}text ${short(payload.toString())}`;
  if (opcode === BINARY) return `${odd}binary ${short(payload.toString("hex"))}`;
  if (opcode === PING) return `${odd}ping ${payload.toString("latin1")}`.trimEnd();
  if (opcode === PONG) return `${odd}pong ${payload.toString("latin1")}`.trimEnd();
  if (opcode !== CLOSE) return `${odd}opcode ${opcode}`;
  if (payload.length < 2) return `${odd}close`;
  return `${odd}close ${payload.readUInt16BE()} ${payload.subarray(2).toString()}`.trimEnd();
}

export function short(words: string): string {
  if (words.length <= 40) return words;
  const hash = createHash("sha256").update(words).digest("hex").slice(0, 8);
  return `${words.slice(0, 8)}…${words.length}#${hash}`;
}

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

export interface HandshakeInit {
  readonly path?: string;
  /** Sent besides, or in the place of, those of a good handshake; null leaves one out, a list sends several. */
  readonly headers?: Readonly<Record<string, string | null | readonly string[]>>;
  readonly requestLine?: string;
}

/** The head of a handshake. */
export function handshake(
  port: number,
  { path = "/", headers = {}, requestLine }: HandshakeInit = {},
): string {
  const all: Record<string, string | null | readonly string[]> = {
    Host: `127.0.0.1:${port}`,
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === null ? [] : [value].flat().map((each) => `${name}: ${each}\r\n`),
  );
  return `${requestLine ?? `GET ${path} HTTP/1.1`}\r\n${lines.join("")}\r\n`;
}

/** A client that sends what it is told, byte by byte if need be. */
export class RawClient implements AsyncDisposable {
  readonly status: number;
  /** The lines of the head of the answer. */
  readonly head: readonly string[];
  readonly reader: StreamReader;
  readonly writer: StreamWriter;

  private constructor(head: readonly string[], reader: StreamReader, writer: StreamWriter) {
    this.status = Number(head[0]?.split(" ")[1]);
    this.head = head;
    this.reader = reader;
    this.writer = writer;
  }

  /** Connects and does the handshake. `behind` is sent in the same write. */
  static async open(
    port: number,
    init: HandshakeInit = {},
    behind: Uint8Array = Buffer.alloc(0),
  ): Promise<RawClient> {
    const { reader, writer } = await openConnection({ host: "127.0.0.1", port });
    writer.write(Buffer.concat([Buffer.from(handshake(port, init), "latin1"), behind]));
    const head = (await timeout(5000, () => reader.readuntil(Buffer.from("\r\n\r\n")))).toString(
      "latin1",
    );
    return new RawClient(head.trimEnd().split("\r\n"), reader, writer);
  }

  header(name: string): string | undefined {
    const found = this.head.find((line) =>
      line.toLowerCase().startsWith(`${name.toLowerCase()}: `),
    );
    return found?.slice(name.length + 2);
  }

  /** Sends each piece by itself. */
  async send(...pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.writer.write(piece);
      await this.writer.drain();
    }
  }

  /** The next frame; null at the end of the connection. */
  async read(): Promise<ServerFrame | null> {
    const head = await this.#exactly(2);
    if (head === null) return null;
    const [first = 0, second = 0] = head;
    let length = second & 0x7f;
    if (length === 126) length = ((await this.#exactly(2)) as Buffer).readUInt16BE();
    else if (length === 127)
      length = Number(((await this.#exactly(8)) as Buffer).readBigUInt64BE());
    const payload = length === 0 ? Buffer.alloc(0) : await this.#exactly(length);
    if (payload === null) return null;
    const fin = (first & 0x80) !== 0;
    return { opcode: first & 0x0f, fin, rsv: (first >> 4) & 7, masked: second > 127, payload };
  }

  async #exactly(count: number): Promise<Buffer | null> {
    try {
      return await timeout(5000, () => this.reader.readexactly(count));
    } catch (error) {
      if ((error as Error).name === "IncompleteReadError") return null;
      if ((error as NodeJS.ErrnoException).code === "ECONNRESET") return null;
      throw error;
    }
  }

  /** The next frame in words; `end` at the end of the connection, which is then closed here too. */
  async next(): Promise<string> {
    const read = await this.read();
    if (read !== null) return inWords(read);
    this.writer.close();
    return "end";
  }

  /** All that comes until the end of the connection, in words. */
  async rest(): Promise<string[]> {
    const words: string[] = [];
    for (let next = await this.next(); next !== "end"; next = await this.next()) words.push(next);
    return words;
  }

  /** Sends a close frame, waits for the end, and closes its side. */
  async leave(code: number, reason = ""): Promise<string[]> {
    await this.send(close(code, reason));
    return await this.rest();
  }

  /** Breaks the connection off. */
  abort(): void {
    this.writer.transport.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.writer.close();
    await this.writer.waitClosed().catch(() => {});
  }
}

/** What the server must answer to a key (RFC 6455, section 4.2.2). */
export function acceptFor(key: string = KEY): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** Pieces of that many bytes. */
export function chopped(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

export const noise = (length: number): Buffer => randomBytes(length);
