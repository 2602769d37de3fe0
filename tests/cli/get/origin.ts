/*
 * A server that knows one of every fault, for tests of the program as a whole.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The paths of {@link Origin}; anything else answers with its own path. */
const FAULTS: Readonly<Record<string, Answer>> = {
  "/missing": (_, response) => response.writeHead(404).end("no"),
  "/gone": (_, response) => response.writeHead(410).end(),
  "/busy": (_, response) => response.writeHead(503).end(),
  "/reset": (request) => request.socket.destroy(),
  "/cut": (_, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("half of it");
    setTimeout(() => response.destroy(), 10);
  },
  "/silent": () => {},
  "/loop": (_, response) => response.writeHead(302, { location: "/loop" }).end(),
  "/named": (_, response) => {
    response.writeHead(200, { "content-disposition": 'attachment; filename="given.txt"' }).end("x");
  },
  "/cookie": (request, response) => {
    response
      .writeHead(200, { "set-cookie": "id=7; Max-Age=3600" })
      .end(request.headers.cookie ?? "none");
  },
  "/headers": (request, response) => response.end(JSON.stringify(request.headers)),
  // A kilobyte every 10 ms, for a second.
  "/slow": (_, response) => {
    let left = 100;
    response.writeHead(200, {
      "content-length": left * 1000,
      etag: '"slow"',
      "accept-ranges": "bytes",
    });
    const timer = setInterval(() => {
      response.write(Buffer.alloc(1000, left % 256));
      if (--left > 0) return;
      clearInterval(timer);
      response.end();
    }, 10);
    response.on("close", () => clearInterval(timer));
  },
};

export class Origin implements AsyncDisposable {
  readonly #server: Server;
  /** The path of each request, in order. */
  readonly requests: string[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = (request.url ?? "").replace(/\?.*/, "");
      this.requests.push(path);
      const fault = FAULTS[path.replace(/\d+$/, "")];
      if (fault !== undefined) fault(request, response);
      else response.writeHead(200, { etag: `"${path}"` }).end(`this is ${path}`);
    });
  }

  static async start(): Promise<Origin> {
    const origin = new Origin();
    origin.#server.listen(0, "127.0.0.1");
    await once(origin.#server, "listening");
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
