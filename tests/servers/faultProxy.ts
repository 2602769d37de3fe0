/*
 * A TCP proxy before an HTTP/1.1 server that delays, cuts, resets, corrupts and starves answers, by a seed, and records
 * exactly what it did to each request.
 *
 * What happens to a request depends on the seed, the request's line and how often that line has come, not on the order
 * of arrival: the same seed does the same to the same requests, however many go on at a time. Every fault happens when
 * the server has answered, so the server has seen every request but those of clients that went away.
 * Strategy: a connection to the proxy is one to the server. Bytes from the client after an answer has begun are the next
 * request, which holds for every client that does not pipeline. Answers pass as they come, with back-pressure, once the
 * fault is done.
 * Limits: HTTP/1.1, no pipelining, no TLS, no upgrade.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Random } from "../oracle/random.ts";

/** What the proxy can do to an answer; "none" passes it on as it came. */
export const FAULTS = [
  /** Holds it back for some milliseconds, then passes it on. */
  "delay",
  /** Closes the connection in place of it. */
  "cutHead",
  /** Resets the connection in place of it. */
  "resetHead",
  /** Closes the connection after its head and less than all of its body. */
  "cutBody",
  /** Resets the connection there. */
  "resetBody",
  /** Changes a byte of its first line, so that it is no HTTP. */
  "corruptHead",
  /** Changes one byte of its body. */
  "corruptBody",
  /** Never passes it on; the connection stays open. */
  "stall",
] as const;

export type FaultKind = (typeof FAULTS)[number];

/** What was done to one request. */
export interface Fault {
  /** Its first line without the version, such as `GET /17`. */
  readonly request: string;
  /** How often that line had come, this time included. */
  readonly occurrence: number;
  /** The number of its connection to the proxy, and which request on it this was, from 1. */
  readonly connection: number;
  readonly nth: number;
  /** What was done. "none" also when the body is too short for a fault of the body; "gone" when the client left first. */
  kind: FaultKind | "none" | "gone";
  /** Milliseconds of a delay; bytes of the body that were passed on before a fault of the body; else 0. */
  amount: number;
}

/** How a proxy is made. */
export interface FaultOptions {
  /** The server it stands before, such as `http://127.0.0.1:8080`. */
  readonly target: string;
  readonly seed: number;
  /** Which share of the requests meets each kind of fault, 0 to 1, together at most 1. */
  readonly shares: Readonly<Partial<Record<FaultKind, number>>>;
  /** The longest delay, in milliseconds. Default 20. */
  readonly delay?: number;
}

/** A running proxy. */
export class FaultProxy implements AsyncDisposable {
  /** In place of the server's. */
  url = "";
  /** What was done to each request, in the order in which they came. */
  readonly faults: Fault[] = [];
  readonly options: FaultOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #occurrences = new Map<string, number>();
  #connections = 0;

  private constructor(options: FaultOptions) {
    this.options = options;
    this.#server = createServer((client) => {
      const { hostname, port } = new URL(options.target);
      const upstream = connect(Number(port), hostname);
      for (const socket of [client, upstream]) this.#keep(socket);
      Passage.open(this, client, upstream, ++this.#connections);
    });
  }

  static async start(options: FaultOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    proxy.url = `http://127.0.0.1:${(proxy.#server.address() as AddressInfo).port}`;
    return proxy;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
  }

  /** The numbers that decide about a request, and its record. */
  draw(request: string, connection: number, nth: number): [Fault, Random] {
    const occurrence = (this.#occurrences.get(request) ?? 0) + 1;
    this.#occurrences.set(request, occurrence);
    const random = new Random(hash(`${this.options.seed} ${occurrence} ${request}`));
    const fault: Fault = { request, occurrence, connection, nth, kind: "gone", amount: 0 };
    this.faults.push(fault);
    return [fault, random];
  }

  /** How often each kind of thing was done. */
  tally(): Record<string, number> {
    const tally: Record<string, number> = {};
    for (const { kind } of this.faults) tally[kind] = (tally[kind] ?? 0) + 1;
    return tally;
  }

  /** What was done to the last occurrence of each request: what a client that retries ends with. */
  last(): Map<string, Fault> {
    return new Map(this.faults.map((fault) => [fault.request, fault]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return value;
}

/** One connection, and the request that is being answered on it. */
class Passage {
  readonly #proxy: FaultProxy;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #number: number;
  #nth = 0;
  #fault: Fault | null = null;
  #random: Random | null = null;
  #plan: FaultKind | "none" = "none";
  /** What has come of the answer and was not passed on; null once the rest passes as it comes. */
  #held: Buffer | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Where in the body a fault of the body comes; drawn when the length is known. */
  #at = -1;
  /** The server's end is no longer the client's. */
  #parted = false;

  private constructor(proxy: FaultProxy, client: Socket, upstream: Socket, number: number) {
    this.#proxy = proxy;
    this.#client = client;
    this.#upstream = upstream;
    this.#number = number;
  }

  static open(proxy: FaultProxy, client: Socket, upstream: Socket, number: number): void {
    const passage = new Passage(proxy, client, upstream, number);
    client.on("data", (chunk) => passage.#ask(chunk));
    upstream.on("data", (chunk) => passage.#answer(chunk));
    client.on("drain", () => upstream.resume());
    client.on("end", () => upstream.end()).on("close", () => passage.#close());
    upstream.on("end", () => passage.#serverEnded()).on("close", () => passage.#serverEnded());
  }

  #ask(chunk: Buffer): void {
    if (this.#fault === null || this.#fault.kind !== "gone") this.#begin(chunk);
    this.#upstream.write(chunk);
  }

  #begin(chunk: Buffer): void {
    const [line = ""] = chunk.toString("latin1").split("\r\n", 1);
    const request = line.split(" ").slice(0, 2).join(" ");
    [this.#fault, this.#random] = this.#proxy.draw(request, this.#number, ++this.#nth);
    this.#plan = this.#choose(this.#random);
    this.#held = Buffer.alloc(0);
    this.#at = -1;
  }

  #choose(random: Random): FaultKind | "none" {
    const { shares } = this.#proxy.options;
    let at = random.below(1_000_000) / 1_000_000;
    for (const kind of FAULTS) {
      at -= shares[kind] ?? 0;
      if (at < 0) return kind;
    }
    return "none";
  }

  #answer(chunk: Buffer): void {
    if (this.#held === null) return this.#pass(chunk);
    this.#held = Buffer.concat([this.#held, chunk]);
    this.#act(this.#plan, this.#held);
  }

  #act(plan: FaultKind | "none", held: Buffer): void {
    if (plan === "none") this.#release(plan, held);
    else if (plan === "cutHead" || plan === "resetHead") this.#end(plan, 0, Buffer.alloc(0));
    else if (plan === "stall") this.#starve();
    else if (plan === "delay") this.#delay();
    else if (plan === "corruptHead") this.#release(plan, flipped(held, this.#draw(8)));
    else this.#inBody(plan, held);
  }

  #draw(end: number): number {
    return (this.#random as Random).below(end);
  }

  #done(kind: FaultKind | "none", amount = 0): void {
    const fault = this.#fault as Fault;
    fault.kind = kind;
    fault.amount = amount;
  }

  /** Passes on what has come, and the rest as it comes. */
  #release(kind: FaultKind | "none", bytes: Buffer, amount = 0): void {
    this.#done(kind, amount);
    this.#held = null;
    this.#pass(bytes);
  }

  #pass(bytes: Buffer): void {
    if (!this.#client.write(bytes)) this.#upstream.pause();
  }

  #starve(): void {
    this.#done("stall");
    this.#part();
  }

  /** Nothing more of the server's comes to the client, not its end either. */
  #part(): void {
    this.#parted = true;
    this.#upstream.removeAllListeners("data").resume();
  }

  #delay(): void {
    if (this.#timer !== null) return;
    const amount = 1 + this.#draw(this.#proxy.options.delay ?? 20);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#release("delay", this.#held as Buffer, amount);
    }, amount);
  }

  /** Waits for the head and as much of the body as the fault needs. */
  #inBody(plan: "cutBody" | "resetBody" | "corruptBody", held: Buffer): void {
    const headEnd = held.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = held.toString("latin1", 0, headEnd);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (length === 0) return this.#release("none", held);
    const begin = headEnd + 4;
    if (this.#at < 0) this.#at = this.#draw(length);
    const at = begin + this.#at;
    if (held.length <= at) return;
    if (plan === "corruptBody") this.#release(plan, flipped(held, at), this.#at);
    else this.#end(plan, this.#at, held.subarray(0, at));
  }

  /** Passes on some bytes, and ends the connection. */
  #end(kind: FaultKind, amount: number, bytes: Buffer): void {
    this.#done(kind, amount);
    const client = this.#client;
    this.#part();
    this.#upstream.destroy();
    if (kind === "cutHead" || kind === "cutBody") client.end(bytes);
    else if (bytes.length === 0) client.resetAndDestroy();
    // What the kernel does not have yet, a reset would throw away.
    else client.write(bytes, () => client.resetAndDestroy());
  }

  #serverEnded(): void {
    if (!this.#parted && this.#timer === null) this.#client.end();
  }

  #close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#upstream.destroy();
  }
}

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] as number) ^ 0xff;
  return changed;
}
