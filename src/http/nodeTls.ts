/*
 * Node's TLS and HTTP/2, loaded when they are first used: a program that speaks plain HTTP, or has
 * not asked for anything yet, should not wait for OpenSSL.
 */
import { createRequire } from "node:module";

const requireHere = createRequire(import.meta.url);

/** @internal */
export function nodeTls(): typeof import("node:tls") {
  return requireHere("node:tls") as typeof import("node:tls");
}

/** @internal */
export function nodeHttp2(): typeof import("node:http2") {
  return requireHere("node:http2") as typeof import("node:http2");
}
