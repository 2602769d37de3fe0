/*
 * RemoteEndpoint: who is at the other end of a span, in Zipkin's JSON.
 *
 * Strategy: a client of a server, and the other way round. Of the last one the text is kept up to its port: most spans
 * have to do with the same, and where they do not, it is only made anew.
 */
import { isIPv4, isIPv6 } from "node:net";
import type { AttributeValue } from "./attributes.ts";
import type { FinishedSpan } from "./finishedSpan.ts";
import type { SpanForm } from "./spanForm.ts";
import { attributeOf, SpanRecord } from "./spanRecord.ts";
import type { TextBytes } from "./textBytes.ts";
import { TextPiece } from "./textPiece.ts";

/** What tells the client of a server. @internal */
export const PEER: readonly [host: string, port: string] = [
  "network.peer.address",
  "network.peer.port",
];
const SERVICE = "peer.service";
const ASKED = ["server.address", "server.port"] as const;

const BRACE = 0x7d;
const BEGINNING = ',"remoteEndpoint":{';

/** @internal */
export class RemoteEndpoint {
  #service: AttributeValue | undefined = undefined;
  #address: AttributeValue | undefined = undefined;
  /** All that stands before its port; and all of one that has none. */
  #beforePort: TextPiece = new TextPiece(`${BEGINNING}"port":`);
  #whole: TextPiece = new TextPiece("");
  #isAddress = false;
  /** 0 when it is not known. */
  #port = 0;
  /** The last form, and where its spans have address and port; -1 when that does not tell all. */
  #form: SpanForm | null = null;
  #hostAt = -1;
  #portAt = 0;

  /** Looks it up, as far as it is known. Whether it tells all of the client of a server. */
  find(span: FinishedSpan): boolean {
    if (span instanceof SpanRecord && span.list.length === 0 && this.#hasPlaces(span.form)) {
      const { values } = span;
      return this.#found(true, undefined, values[this.#hostAt], values[this.#portAt]);
    }
    const isServer = span.kind === "server";
    const [host, port] = isServer ? PEER : ASKED;
    const service = attributeOf(span, SERVICE);
    return this.#found(isServer, service, attributeOf(span, host), attributeOf(span, port));
  }

  /** Whether all spans of the form are of servers, and have what tells of it in the same places. */
  #hasPlaces(form: SpanForm | null): boolean {
    if (form === null) return false;
    if (form !== this.#form) {
      const [host, port] = PEER.map((name) => form.placeOf(name));
      const isUsual = form.kind === "server" && !form.has(SERVICE);
      this.#form = form;
      this.#portAt = port ?? 0;
      this.#hostAt = isUsual ? (host ?? -1) : -1;
    }
    return this.#hostAt !== -1;
  }

  #found(
    isServer: boolean,
    service: AttributeValue | undefined,
    address: AttributeValue | undefined,
    port: AttributeValue | undefined,
  ): boolean {
    if (address !== this.#address || service !== this.#service) this.#remember(service, address);
    this.#port = typeof port === "number" && port > 0 ? port : 0;
    return this.#port > 0 && this.#isAddress && isServer;
  }

  /** Writes what was found last. */
  write(bytes: TextBytes): void {
    if (this.#port === 0) return bytes.piece(this.#whole);
    bytes.piece(this.#beforePort);
    bytes.number(this.#port);
    bytes.byte(BRACE);
  }

  #remember(service: AttributeValue | undefined, address: AttributeValue | undefined): void {
    this.#service = service;
    this.#address = address;
    this.#isAddress = false;
    const members: string[] = [];
    if (service !== undefined) members.push(serviceText(String(service)));
    if (typeof address === "string") {
      this.#isAddress = isIPv4(address) || isIPv6(address);
      if (this.#isAddress) members.push(`"${isIPv4(address) ? "ipv4" : "ipv6"}":"${address}"`);
      else if (service === undefined) members.push(serviceText(address));
    }
    this.#whole = new TextPiece(members.length === 0 ? "" : `${BEGINNING}${members.join(",")}}`);
    this.#beforePort = new TextPiece(`${BEGINNING}${[...members, '"port":'].join(",")}`);
  }
}

function serviceText(name: string): string {
  return `"serviceName":${JSON.stringify(name.toLowerCase())}`;
}
