/*
 * Proxies on real sockets of 127.0.0.1, small and strict: what the tests of the connector go through.
 *
 * They remember what they were asked for, and can be told to stop in the middle of a handshake.
 */
import { createServer as createHttpServer, request as httpRequest, type Server } from "node:http";
import {
  connect,
  createServer,
  type AddressInfo,
  type Server as NetServer,
  type Socket,
} from "node:net";
import { createServer as createHttpsServer } from "node:https";
import { identity } from "../streams/peers.ts";

export interface HttpProxyOptions {
  /** `user:password` that it wants. */
  readonly auth?: string;
  /** Speaks TLS itself. */
  readonly secure?: boolean;
  /** What a CONNECT is answered with, in place of a tunnel; null for nothing at all. */
  readonly refusal?: string | null;
  /** The port that tunnels lead to, whatever was asked for. */
  readonly port?: number;
}

abstract class Proxy implements AsyncDisposable {
  readonly sockets: Set<Socket> = new Set();
  /** Connections that were ever made. */
  connections = 0;
  port = 0;
  protected abstract readonly server: NetServer;

  protected async listen(): Promise<void> {
    this.server.on("connection", (socket: Socket) => {
      this.connections++;
      this.track(socket);
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  protected track(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.sockets.delete(socket));
  }

  protected join(one: Socket, other: Socket): void {
    one.pipe(other).pipe(one);
    one.on("close", () => other.destroy());
    other.on("close", () => one.destroy());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** An HTTP proxy: passes requests on, and opens tunnels. */
export class HttpProxy extends Proxy {
  /** `CONNECT host:port` or `GET http://…`, as they came. */
  readonly seen: string[] = [];
  /** The headers of the last request. */
  headers: Record<string, string | string[] | undefined> = {};
  protected readonly server: Server;
  readonly #options: HttpProxyOptions;
  readonly url: string = "";

  private constructor(options: HttpProxyOptions) {
    super();
    this.#options = options;
    this.server = options.secure === true ? createHttpsServer(identity) : createHttpServer();
    this.server.on("request", (request, answer) => {
      this.seen.push(`${request.method} ${request.url}`);
      this.headers = request.headers;
      if (!this.#knows(request.headers["proxy-authorization"])) {
        answer.writeHead(407, { "proxy-authenticate": "Basic" }).end("who are you?");
        return;
      }
      const { host: _, "proxy-authorization": __, ...headers } = request.headers;
      const onward = httpRequest(request.url as string, { method: request.method, headers });
      onward.on("response", (incoming) => {
        answer.writeHead(incoming.statusCode as number, incoming.headers);
        incoming.pipe(answer);
      });
      onward.on("error", () => answer.writeHead(502).end());
      answer.on("close", () => onward.destroy());
      request.pipe(onward);
    });
    this.server.on("connect", (request, socket: Socket) => {
      this.seen.push(`CONNECT ${request.url}`);
      this.headers = request.headers;
      this.#tunnel(request.url as string, request.headers["proxy-authorization"], socket);
    });
  }

  static async start(options: HttpProxyOptions = {}): Promise<HttpProxy> {
    const proxy = new HttpProxy(options);
    await proxy.listen();
    const scheme = options.secure === true ? "https" : "http";
    (proxy as { url: string }).url = `${scheme}://localhost:${proxy.port}`;
    return proxy;
  }

  #knows(authorization: string | undefined): boolean {
    const { auth } = this.#options;
    if (auth === undefined) return true;
    return authorization === `Basic ${Buffer.from(auth).toString("base64")}`;
  }

  #tunnel(authority: string, authorization: string | undefined, socket: Socket): void {
    const { refusal, port } = this.#options;
    if (refusal === null) return void socket.resume().on("end", () => socket.destroy());
    if (refusal !== undefined) return void socket.end(refusal);
    if (!this.#knows(authorization)) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n");
      return;
    }
    const target = new URL(`http://${authority}`);
    const onward = connect(port ?? Number(target.port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\nvia: test\r\n\r\n");
      this.join(socket, onward);
    });
    this.track(onward);
    onward.on("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
  }
}

export interface SocksProxyOptions {
  readonly user?: string;
  readonly password?: string;
  /** The reply to CONNECT, in place of a connection. */
  readonly reply?: number;
  /** It never replies to CONNECT. */
  readonly silent?: boolean;
  /** The port that connections lead to, whatever was asked for. */
  readonly port?: number;
  /** Sends its answers a byte at a time. */
  readonly slowly?: boolean;
}

/** A SOCKS5 server that checks every byte it gets. */
export class SocksProxy extends Proxy {
  /** `name host:port`, `ipv4 …` or `ipv6 …`, as it was asked for. */
  readonly seen: string[] = [];
  /** What was wrong with what came. */
  readonly wrong: string[] = [];
  protected readonly server: NetServer;
  readonly #options: SocksProxyOptions;

  private constructor(options: SocksProxyOptions) {
    super();
    this.#options = options;
    this.server = createServer((socket) => void this.#serve(socket).catch(() => socket.destroy()));
  }

  static async start(options: SocksProxyOptions = {}): Promise<SocksProxy> {
    const proxy = new SocksProxy(options);
    await proxy.listen();
    return proxy;
  }

  get url(): string {
    return `socks5://127.0.0.1:${this.port}`;
  }

  async #serve(socket: Socket): Promise<void> {
    const { user, password, reply, silent, port } = this.#options;
    const head = await this.#read(socket, 2);
    this.#expect(head[0] === 5, "version");
    const methods = [...(await this.#read(socket, head[1] as number))];
    const wanted = user === undefined ? 0 : 2;
    if (!methods.includes(wanted)) return void socket.end(Buffer.from([5, 255]));
    await this.#write(socket, [5, wanted]);
    if (user !== undefined) {
      const [version, length] = await this.#read(socket, 2);
      this.#expect(version === 1, "version of the authentication");
      const name = (await this.#read(socket, length as number)).toString();
      const [size] = await this.#read(socket, 1);
      const word = (await this.#read(socket, size as number)).toString();
      const fine = name === user && word === password;
      await this.#write(socket, [1, fine ? 0 : 1]);
      if (!fine) return void socket.end();
    }
    const request = await this.#read(socket, 4);
    this.#expect(request[0] === 5 && request[1] === 1 && request[2] === 0, "request");
    const host = await this.#host(socket, request[3] as number);
    const asked = (await this.#read(socket, 2)).readUInt16BE();
    this.seen.push(`${host}:${asked}`);
    if (silent === true) return void socket.resume();
    if (reply !== undefined)
      return void socket.end(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]));
    const onward = connect(port ?? asked, "127.0.0.1");
    this.track(onward);
    await new Promise((resolve, reject) => onward.on("connect", resolve).on("error", reject));
    // A name as the bound address: its length has to be read, too.
    await this.#write(socket, [5, 0, 0, 3, 2, 0x61, 0x62, 0, 80]);
    this.join(socket, onward);
  }

  async #host(socket: Socket, kind: number): Promise<string> {
    if (kind === 1) return `ipv4 ${[...(await this.#read(socket, 4))].join(".")}`;
    if (kind === 4) return `ipv6 ${(await this.#read(socket, 16)).toString("hex")}`;
    this.#expect(kind === 3, "kind of address");
    const [length] = await this.#read(socket, 1);
    return `name ${(await this.#read(socket, length as number)).toString()}`;
  }

  #expect(fine: boolean, what: string): void {
    if (!fine) this.wrong.push(what);
  }

  async #write(socket: Socket, bytes: number[]): Promise<void> {
    const pieces = this.#options.slowly === true ? bytes.map((byte) => [byte]) : [bytes];
    for (const piece of pieces) {
      socket.write(Buffer.from(piece));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #read(socket: Socket, count: number): Promise<Buffer> {
    for (;;) {
      const bytes = count === 0 ? Buffer.alloc(0) : (socket.read(count) as Buffer | null);
      if (bytes !== null) return bytes;
      await new Promise((resolve, reject) => {
        socket.once("readable", resolve).once("close", reject);
      });
    }
  }
}
