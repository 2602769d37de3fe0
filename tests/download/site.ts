/*
 * A server of files on a real socket of 127.0.0.1, which can be told to misbehave, and the folder that
 * the files go to.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DownloadItem,
  type DownloadOptions,
  type DownloadResult,
  downloadAll,
} from "ambit/download";

/** What a server has under a path. */
export interface Served {
  body: Buffer;
  etag?: string;
  lastModified?: string;
  /** Whether it answers a Range. */
  ranges?: boolean;
  headers?: Record<string, string>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, site: Site) => void;

/** A server that has some files, counts who asks, and does what it is told to the next requests. */
export class Site implements AsyncDisposable {
  url = "";
  readonly files = new Map<string, Served>();
  /** What is done to the next requests for a path, in turn, in place of serving it. */
  readonly faults = new Map<string, Answer[]>();
  /** How often each path was asked for. */
  readonly asked = new Map<string, number>();
  /** The headers of each request, by path. */
  readonly headers = new Map<string, IncomingMessage["headers"][]>();
  /** Requests being answered now, and the most there ever were. */
  open = 0;
  most = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(port = 0): Promise<Site> {
    const site = new Site();
    site.#server.listen(port, "127.0.0.1");
    await once(site.#server, "listening");
    site.url = `http://127.0.0.1:${(site.#server.address() as AddressInfo).port}`;
    return site;
  }

  /** Connections that are open. */
  get connected(): number {
    return this.#sockets.size;
  }

  put(path: string, body: Buffer | string, served: Omit<Served, "body"> = {}): string {
    this.files.set(path, { body: Buffer.from(body), ...served });
    return this.url + path;
  }

  fault(path: string, ...answers: Answer[]): void {
    this.faults.set(path, [...(this.faults.get(path) ?? []), ...answers]);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? "";
    this.asked.set(path, (this.asked.get(path) ?? 0) + 1);
    this.headers.set(path, [...(this.headers.get(path) ?? []), request.headers]);
    this.most = Math.max(this.most, ++this.open);
    response.on("close", () => this.open--);
    const fault = this.faults.get(path)?.shift();
    if (fault !== undefined) fault(request, response, this);
    else serve(request, response, this.files.get(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Serves a file as a good server does: validators, ranges, conditions. */
export function serve(request: IncomingMessage, response: ServerResponse, file?: Served): void {
  if (file === undefined) return void response.writeHead(404).end("nothing here");
  const { body, etag, lastModified, ranges = true, headers = {} } = file;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (etag !== undefined) response.setHeader("etag", etag);
  if (lastModified !== undefined) response.setHeader("last-modified", lastModified);
  if (ranges) response.setHeader("accept-ranges", "bytes");
  if (isUnchanged(request, file)) return void response.writeHead(304).end();
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const condition = request.headers["if-range"];
  const holds = condition === undefined || condition === etag || condition === lastModified;
  if (range === null || !ranges || !holds) {
    response.writeHead(200, { "content-length": body.length });
    return void response.end(request.method === "HEAD" ? undefined : body);
  }
  const first = Number(range[1]);
  const last = Math.min(range[2] === "" ? Infinity : Number(range[2]), body.length - 1);
  if (first >= body.length)
    return void response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
  response.writeHead(206, {
    "content-range": `bytes ${first}-${last}/${body.length}`,
    "content-length": last + 1 - first,
  });
  response.end(body.subarray(first, last + 1));
}

function isUnchanged({ headers }: IncomingMessage, { etag, lastModified }: Served): boolean {
  const match = headers["if-none-match"];
  if (match !== undefined) return match === etag;
  const since = headers["if-modified-since"];
  if (since === undefined || lastModified === undefined) return false;
  return Date.parse(lastModified) <= Date.parse(since);
}

/** Sends a head that promises all of the file, then some of it, then ends the connection. */
export function cutAfter(bytes: number): Answer {
  return (request, response, site) => {
    const { body, etag, lastModified } = site.files.get(request.url ?? "") as Served;
    if (etag !== undefined) response.setHeader("etag", etag);
    if (lastModified !== undefined) response.setHeader("last-modified", lastModified);
    response.setHeader("accept-ranges", "bytes");
    response.writeHead(200, { "content-length": body.length });
    response.write(body.subarray(0, bytes), () => setTimeout(() => response.destroy(), 5));
  };
}

export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_, response) => void response.writeHead(code, headers).end("no");
}

/** A folder that is removed in the end. */
export class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "ambit-download-"));

  /** What is in it, with what is in that; folders left out. */
  files(): string[] {
    return readdirSync(this.path, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.path.length + 1))
      .sort();
  }

  read(name: string): Buffer {
    return readFileSync(join(this.path, name));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** All results, in the order of the items. */
export async function download(
  items: readonly (DownloadItem | string)[],
  options: DownloadOptions,
): Promise<DownloadResult[]> {
  const results: DownloadResult[] = [];
  for await (const result of downloadAll(items, options)) results.push(result);
  const urls = items.map((item) => String(typeof item === "string" ? item : item.url));
  return results.sort((a, b) => urls.indexOf(a.url) - urls.indexOf(b.url));
}

/** Retries that take no time. */
export const AT_ONCE = { delay: 0 } as const;

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Bytes that are the same each time and repeat nowhere soon. */
export function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < size; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state & 255;
  }
  return bytes;
}
