/*
 * A request as a mock sees it: what would have gone to the server, the body read.
 */
import { INSPECT } from "../core/inspection.ts";
import type { ClientRequest } from "./clientRequest.ts";
import { parseCookieHeader } from "./cookies.ts";
import { redact } from "./redaction.ts";
import { sentBody } from "./sentBody.ts";

/** A request that came to a {@link MockTransport}. */
export class MockRequest {
  /** The method, in capitals if it is one of the usual ones. */
  readonly method: string;
  /** Where it was for. */
  readonly url: URL;
  /** What was sent with it: cookies and authorization are there. */
  readonly headers: Headers;
  /** What was sent as its body, compressed if it was; empty for none. */
  readonly bytes: Uint8Array;
  /** Which attempt it belongs to, from 1. */
  readonly attempt: number;
  /** How many redirects led here, from 0. */
  readonly hop: number;
  /** What the names in the path of its route stand for. */
  readonly params: Readonly<Record<string, string>>;

  /** @internal */
  constructor(
    request: Pick<ClientRequest, "method" | "url" | "headers" | "attempt" | "hop">,
    bytes: Uint8Array,
    params: Readonly<Record<string, string>> = {},
  ) {
    this.method = request.method;
    this.url = request.url;
    this.headers = request.headers;
    this.attempt = request.attempt;
    this.hop = request.hop;
    this.bytes = bytes;
    this.params = params;
  }

  /** Reads the body. @internal */
  static async of(request: ClientRequest): Promise<MockRequest> {
    return new MockRequest(request.clone(), await sentBody(request.body));
  }

  /** The same, with the names in its route's path. @internal */
  with(params: Readonly<Record<string, string>>): MockRequest {
    return new MockRequest(this, this.bytes, params);
  }

  /** The body as text. */
  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  /** The cookies that were sent, by name. */
  get cookies(): Readonly<Record<string, string>> {
    return Object.fromEntries(parseCookieHeader(this.headers.get("cookie") ?? ""));
  }

  /**
   * The body as JSON.
   * @throws SyntaxError when it is none
   */
  json(): unknown {
    return JSON.parse(this.text);
  }

  /** @internal */
  [INSPECT](): string {
    const size = this.bytes.length === 0 ? "" : ` ${this.bytes.length} bytes`;
    return `<MockRequest ${this.method} ${redact(this.url.href)}${size}>`;
  }
}
