/*
 * One request on its way: what middlewares get, may change and hand on; what a transport sees.
 *
 * It stands for one sending: each redirect and each retry has one of its own. A request that needs
 * nothing of this (no middleware, no retry, no transport) is sent without one being made.
 */
import { INSPECT } from "../core/inspection.ts";
import { redact } from "./redaction.ts";
import type { RequestBody } from "./requestBody.ts";

/** A request, before it is sent. */
export class ClientRequest {
  /** The method, in capitals if it is one of the usual ones. */
  method: string;
  /** Where it goes, without user info; a fragment is not sent. */
  url: URL;
  /**
   * What is sent, but for what the connection adds itself (`host`, `content-length`). Cookies and
   * authentication come in after the middlewares.
   */
  readonly headers: Headers;
  /** Its body; null for none. */
  body: RequestBody | null;
  /** Which attempt it belongs to, from 1: more than that only with a retry policy. */
  readonly attempt: number;
  /** How many redirects led here, from 0. */
  readonly hop: number;

  /** @internal */
  constructor(
    method: string,
    url: URL,
    headers: Headers,
    body: RequestBody | null,
    attempt: number,
    hop: number,
  ) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.body = body;
    this.attempt = attempt;
    this.hop = hop;
  }

  /** A copy of its own, to be changed and sent without changing this one. */
  clone(): ClientRequest {
    const { method, url, headers, body, attempt, hop } = this;
    return new ClientRequest(method, new URL(url), new Headers(headers), body, attempt, hop);
  }

  /** @internal */
  [INSPECT](): string {
    const attempt = this.attempt > 1 ? ` attempt=${this.attempt}` : "";
    const hop = this.hop > 0 ? ` hop=${this.hop}` : "";
    return `<ClientRequest ${this.method} ${redact(this.url.href)}${attempt}${hop}>`;
  }
}
