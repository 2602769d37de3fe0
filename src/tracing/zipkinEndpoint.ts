/*
 * RemoteEndpoint: who is at the other end of a span, in Zipkin's JSON.
 *
 * Strategy: a client of a server, and the other way round. Of the last one the text is kept up to its port: most spans
 * have to do with the same, and where they do not, it is only made anew.
 */
import { isIPv4, isIPv6 } from "node:net";
import type { AttributeList, AttributeValue } from "./attributes.ts";
import type { SpanKind } from "./finishedSpan.ts";
import type { TextBytes } from "./textBytes.ts";

/** What tells the client of a server. @internal */
export const PEER: readonly [host: string, port: string] = [
  "network.peer.address",
  "network.peer.port",
];
const ASKED = ["server.address", "server.port"] as const;

const BEGINNING = ',"remoteEndpoint":{';

/** @internal */
export class RemoteEndpoint {
  #service: AttributeValue | undefined = undefined;
  #address: AttributeValue | undefined = undefined;
  /** All that stands before its port; and all of one that has none. */
  #beforePort: Uint8Array = Buffer.from(`${BEGINNING}"port":`);
  #whole: Uint8Array = new Uint8Array();
  #isAddress = false;
  /** 0 when it is not known. */
  #port = 0;

  /** Looks it up, as far as it is known. Whether it tells all of the client of a server. */
  find(kind: SpanKind, list: AttributeList): boolean {
    const [host, port] = kind === "server" ? PEER : ASKED;
    let service: AttributeValue | undefined;
    let address: AttributeValue | undefined;
    let number: AttributeValue | undefined;
    for (let at = 0; at < list.length; at += 2) {
      const name = list[at];
      if (name === host) address = list[at + 1];
      else if (name === port) number = list[at + 1];
      else if (name === "peer.service") service = list[at + 1];
    }
    if (address !== this.#address || service !== this.#service) this.#remember(service, address);
    this.#port = typeof number === "number" && number > 0 ? number : 0;
    return this.#port > 0 && this.#isAddress && kind === "server";
  }

  /** Writes what was found last. */
  write(bytes: TextBytes): void {
    if (this.#port === 0) return bytes.piece(this.#whole);
    bytes.piece(this.#beforePort);
    bytes.number(this.#port);
    bytes.plain("}");
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
    this.#whole = Buffer.from(members.length === 0 ? "" : `${BEGINNING}${members.join(",")}}`);
    this.#beforePort = Buffer.from(`${BEGINNING}${[...members, '"port":'].join(",")}`);
  }
}

function serviceText(name: string): string {
  return `"serviceName":${JSON.stringify(name.toLowerCase())}`;
}
