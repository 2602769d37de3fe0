/*
 * A server that speaks just enough HTTP/2 to misbehave: frames by hand, on a real socket.
 *
 * Node's own server always ends a stream properly before it resets it, and cannot say that it has not
 * seen a stream that it has seen.
 */
import type { AddressInfo, Socket } from "node:net";
import { createServer, type Server } from "node:tls";
import { identity } from "../streams/peers.ts";

const PREFACE = 24;

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer | number[],
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, Buffer.from(payload)]);
}

const number = (value: number): number[] => [
  ...Buffer.from([value >> 24, value >> 16, value >> 8, value]),
];

/** What a server may send. */
export const frames = {
  settings: frame(4, 0, 0, []),
  /** `:status: 200`, which is entry 8 of HPACK's table. */
  head: (stream: number): Buffer => frame(1, 4, stream, [0x88]),
  data: (stream: number, text: string, last = false): Buffer =>
    frame(0, last ? 1 : 0, stream, Buffer.from(text)),
  reset: (stream: number, code: number): Buffer => frame(3, 0, stream, number(code)),
  goAway: (last: number, code: number): Buffer =>
    frame(7, 0, 0, [...number(last), ...number(code)]),
};

/** Calls `onRequest` for each HEADERS frame, with its stream and how many came before it. */
export class RawHttp2 implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  requests = 0;
  connections = 0;
  url = "";

  private constructor(onRequest: (socket: Socket, stream: number, before: number) => void) {
    this.#server = createServer({ ...identity, ALPNProtocols: ["h2"] }, (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
      socket.write(frames.settings);
      let bytes = Buffer.alloc(0);
      let skipped = false;
      socket.on("data", (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (!skipped && bytes.length >= PREFACE) {
          bytes = bytes.subarray(PREFACE);
          skipped = true;
        }
        if (!skipped) return;
        while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
          const [type, stream] = [bytes[3], bytes.readUInt32BE(5)];
          bytes = bytes.subarray(9 + bytes.readUIntBE(0, 3));
          if (type === 1) onRequest(socket, stream, this.requests++);
        }
      });
    });
  }

  static async start(
    onRequest: (socket: Socket, stream: number, before: number) => void,
  ): Promise<RawHttp2> {
    const raw = new RawHttp2(onRequest);
    await new Promise<void>((resolve) => raw.#server.listen(0, "127.0.0.1", resolve));
    raw.url = `https://localhost:${(raw.#server.address() as AddressInfo).port}`;
    return raw;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
