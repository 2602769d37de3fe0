/*
 * The opening handshake, as the server reads it (RFC 6455, section 4.2).
 *
 * Strategy: everything is checked before the answer is made, so that what is wrong with a request is an ordinary error
 * page that middlewares see; `ws` then only carries out what was found here.
 */
import { areProtocols } from "../webSockets/subprotocols.ts";
import { BadRequest, Forbidden, HttpError } from "./httpError.ts";
import type { ServerRequest } from "./request.ts";
import type { RequestHeaders } from "./requestHeaders.ts";
import { canCompress, type RawRequest } from "./webSocketLibrary.ts";
import type { WebSocketSettings } from "./webSocketOptions.ts";

/** What was agreed on. @internal */
export interface Handshake {
  readonly key: string;
  /** Empty for none. */
  readonly protocol: string;
  /** What the client offers to pack messages by; null when they go as they are. */
  readonly extensions: string | null;
}

const KEY = /^[+/0-9A-Za-z]{22}==$/;

/**
 * Checks a request that is to become a WebSocket.
 * @throws {@link HttpError} 426 for a plain request, or one of another version; 400 for a malformed one; 501 where the
 *   transport can't; 403 for a page that may not
 * @internal
 */
export async function readHandshake(
  request: ServerRequest,
  settings: WebSocketSettings,
): Promise<Handshake> {
  const { headers, exchange } = request;
  expectUpgrade(request);
  if (headers.get("sec-websocket-version")?.trim() !== "13")
    throw upgradeRequired("this server speaks version 13 of the WebSocket protocol");
  const [key, more] = headers.getAll("sec-websocket-key");
  if (key === undefined || more !== undefined || !KEY.test(key.trim()))
    throw new BadRequest("Sec-WebSocket-Key must be there once: 16 bytes in Base64");
  if (headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0")
    throw new BadRequest("the opening handshake of a WebSocket has no body");
  if (exchange.upgrade === null)
    throw new HttpError(501, "WebSockets are not served here", { expose: true });
  const protocol = pickProtocol(offeredProtocols(headers), settings.protocols);
  const extensions = readExtensions(headers, settings);
  await expectOrigin(request, settings);
  return { key: key.trim(), protocol, extensions };
}

function expectUpgrade({ method, httpVersion, headers }: ServerRequest): void {
  const asks = listOf(headers, "connection").includes("upgrade");
  if (!asks || !listOf(headers, "upgrade").includes("websocket"))
    throw upgradeRequired("this is a WebSocket: it is opened by a handshake");
  if (httpVersion === "1.0" || method !== "GET")
    throw new BadRequest("a WebSocket is opened by a GET of HTTP/1.1");
}

/** 426 names what is wanted instead (RFC 9110, section 15.5.22, and RFC 6455, section 4.4). */
function upgradeRequired(message: string): HttpError {
  const headers = { upgrade: "websocket", connection: "upgrade", "sec-websocket-version": "13" };
  return new HttpError(426, message, { headers });
}

/** The members of a header that is a list, in lower case. */
function listOf(headers: RequestHeaders, name: string): string[] {
  const members = (headers.get(name) ?? "").split(",");
  return members.map((each) => each.trim().toLowerCase());
}

function offeredProtocols(headers: RequestHeaders): string[] {
  const header = headers.get("sec-websocket-protocol");
  if (header === null) return [];
  const names = header.split(",").map((each) => each.trim());
  if (!areProtocols(names))
    throw new BadRequest("Sec-WebSocket-Protocol must be a list of different tokens");
  return names;
}

function pickProtocol(offered: readonly string[], wanted: readonly string[]): string {
  return wanted.find((each) => offered.includes(each)) ?? "";
}

function readExtensions(headers: RequestHeaders, settings: WebSocketSettings): string | null {
  const header = headers.get("sec-websocket-extensions");
  if (header === null || settings.deflate === null) return null;
  try {
    return canCompress(header, settings.deflate, settings.maxPayload) ? header : null;
  } catch (error) {
    throw new BadRequest("Sec-WebSocket-Extensions is malformed", { cause: error });
  }
}

async function expectOrigin(request: ServerRequest, settings: WebSocketSettings): Promise<void> {
  const [origin = null, more] = request.headers.getAll("origin");
  if (more !== undefined) throw new BadRequest("Origin must not be there twice");
  if (await settings.origin(origin, request)) return;
  throw new Forbidden(`pages of ${origin ?? "no origin"} may not open this WebSocket`);
}

/** Headers of the answer that are the handshake's, or make no sense on it. */
const OWN =
  /^(?:connection|upgrade|keep-alive|content-length|transfer-encoding|sec-websocket-.*)$/i;

/** What `ws` carries out; `headers`, flat, are put onto the answer. @internal */
export function rawRequest(handshake: Handshake, headers: readonly string[]): RawRequest {
  const { key, protocol, extensions } = handshake;
  const lines: string[] = [];
  for (let at = 0; at < headers.length; at += 2)
    if (!OWN.test(headers[at] as string)) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  return {
    method: "GET",
    headers: {
      upgrade: "websocket",
      "sec-websocket-key": key,
      "sec-websocket-version": "13",
      ...(protocol === "" ? {} : { "sec-websocket-protocol": protocol }),
      ...(extensions === null ? {} : { "sec-websocket-extensions": extensions }),
    },
    lines,
  };
}
