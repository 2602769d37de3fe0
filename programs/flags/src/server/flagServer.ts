/*
 * An HTTP server for flags on a free port of 127.0.0.1, for the run that opened it. It answers
 *
 *     /flags/{100|250|1000}/br/br.png           the flag
 *     /flags/{100|250|1000}/br/metadata.json    the facts about the country
 *
 * each with the treatment (delay, fault) that it was given, and 404 for what it does not have.
 * A delay is one timer, dropped with its connection, so closing never waits for one.
 */
import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { countryFacts } from "../catalogue/countryFacts.ts";
import type { FlagImages } from "../catalogue/flagImages.ts";
import type { FlagSize } from "../catalogue/flagSize.ts";
import type { Fault, RequestKind, Treat } from "./treatment.ts";

/** An embedded server that is running. */
export interface FlagServer {
  /** Base URL of the flags, with `{size}` where the width goes. */
  readonly base: string;
  /** Cuts what is open, drops what is delayed; resolves when the port is free. */
  close(): Promise<void>;
}

interface Asked {
  readonly kind: RequestKind;
  readonly code: string;
  readonly size: FlagSize;
}

interface Content {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array;
}

/** Opens a server. The backlog has room for as many connections as `--max-req` allows. */
export async function openFlagServer(images: FlagImages, treat: Treat): Promise<FlagServer> {
  const server = createServer((request, response) => answer(request, response, images, treat));
  // An idle connection that the server closes just as the client reuses it looks like a fault.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}/flags/{size}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  images: FlagImages,
  treat: Treat,
): void {
  const asked = parse(request);
  const { delay, fault } = asked ? treat(asked.kind, asked.code) : { delay: 0 };
  const reply = (): void => send(response, asked ? find(asked, images) : notFound, fault);
  if (delay === 0) return reply();
  const timer = setTimeout(reply, delay);
  response.once("close", () => clearTimeout(timer));
}

function parse({ method, url }: IncomingMessage): Asked | undefined {
  if (method !== "GET" || url === undefined) return undefined;
  const match = path.exec(url);
  if (!match) return undefined;
  const [, size, cc = "", file] = match;
  if (file !== "metadata.json" && file !== `${cc}.png`) return undefined;
  const kind = file === "metadata.json" ? "facts" : "flag";
  return { kind, code: cc.toUpperCase(), size: Number(size) as FlagSize };
}

const path = /^\/flags\/(100|250|1000)\/([a-z]{2}(?:-[a-z]{3})?)\/([^/?]+)$/;

function find({ kind, code, size }: Asked, images: FlagImages): Content {
  const body = kind === "flag" ? images.image(code, size) : factsJson(code, images);
  const type = kind === "flag" ? "image/png" : "application/json";
  return body ? { status: 200, type, body } : notFound;
}

function factsJson(code: string, images: FlagImages): Uint8Array | undefined {
  const facts = countryFacts(code, images);
  return facts && Buffer.from(`${JSON.stringify(facts, null, 2)}\n`);
}

const notFound = plain(404);

function plain(status: number): Content {
  const body = Buffer.from(`${status} ${STATUS_CODES[status]}\n`);
  return { status, type: "text/plain", body };
}

function send(response: ServerResponse, content: Content, fault: Fault | undefined): void {
  if (fault === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  const { status, type, body } = fault === "unavailable" ? plain(503) : content;
  response.writeHead(status, { "content-type": type, "content-length": body.length });
  if (fault !== "cut") response.end(body);
  else response.write(body.subarray(0, body.length >> 1), () => response.socket?.destroy());
}
