/*
 * A server that takes what it is sent: it answers with the request as it came, once the body has come
 * whole. What it received of bodies that did not is kept.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ClientSession, type RequestOptions } from "ambit/http";
import { Origin } from "./origin.ts";

/** A request as the server saw it. */
export interface Received {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export class Receiver implements AsyncDisposable {
  /** Requests whose body came whole, in that order. */
  readonly received: Received[] = [];
  /** Bytes of bodies that came, whole or not. */
  bytes = 0;
  /** Requests whose body was cut. */
  cut = 0;
  origin!: Origin;

  /** Reads a body only while this is true. */
  reads = true;

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.origin = await Origin.start((request, answer) => receiver.#take(request, answer));
    return receiver;
  }

  get url(): string {
    return this.origin.url;
  }

  #take(request: IncomingMessage, answer: ServerResponse): void {
    if (request.url === "/early") {
      answer.writeHead(413).end("too much");
      return;
    }
    if (!this.reads) return;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => {
      this.bytes += chunk.length;
      chunks.push(chunk);
    });
    request.on("error", () => undefined);
    request.on("close", () => {
      if (!request.complete) this.cut++;
    });
    request.on("end", () => {
      const headers = request.headers as Record<string, string>;
      this.received.push({ method: request.method ?? "", headers, body: Buffer.concat(chunks) });
      if (request.url === "/again") answer.writeHead(307, { location: "/" }).end();
      else answer.end("thanks");
    });
  }

  /** What comes of one POST with these options. */
  async post(options: RequestOptions, path = ""): Promise<Received> {
    await using session = new ClientSession();
    const response = await session.request("POST", this.url + path, options);
    if ((await response.text()) !== "thanks") throw new Error(`answered ${response.status}`);
    return this.received.at(-1) as Received;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.origin[Symbol.asyncDispose]();
  }
}

/** What WHATWG's own reader makes of a body of a form. */
export async function parsedForm({ headers, body }: Received): Promise<[string, string | File][]> {
  const response = new Response(new Uint8Array(body), {
    headers: { "content-type": headers["content-type"] as string },
  });
  return Array.from((await response.formData()).entries()) as [string, string | File][];
}
