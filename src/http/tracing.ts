/*
 * Tracing: what a session tells of each request while it runs, aiohttp's sixteen signals.
 *
 * Callbacks are synchronous. (An async one would hold the request up, or outlive it; start a task of
 * a group of yours, or write to a queue, where something has to be waited for.) They run in the
 * requesting task's async context, so `currentTask` and context variables are the request's. What
 * one of them throws goes to the loop's exception handler and changes nothing for the request.
 */
import { wrongType } from "../core/arguments.ts";
import type { ClientResponse } from "./response.ts";

/** The request that a signal is about. URL and headers are as they are sent: they may hold secrets. */
export interface TraceRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

/** The parameters of `onRequestEnd` and `onRequestRedirect`. */
export interface TraceResponse extends TraceRequest {
  readonly response: ClientResponse;
}

/** The parameters of `onRequestException`. */
export interface TraceException extends TraceRequest {
  /** What the caller gets; a CancelledError, too. */
  readonly error: unknown;
}

/** The parameters of `onRequestChunkSent` and `onResponseChunkReceived`. */
export interface TraceChunk {
  readonly method: string;
  readonly url: string;
  readonly chunk: Uint8Array;
}

/** The parameters of the DNS signals. */
export interface TraceHost {
  readonly host: string;
}

/** The parameters of the connection signals. */
export interface TraceConnection {
  /** Such as `"http://localhost:8080"`. */
  readonly origin: string;
}

/**
 * What to call, and when; all optional. `C` is the context: an object per call of the session, made
 * by `createContext`, or an empty one.
 */
export interface TraceConfig<C extends object = Record<string, unknown>> {
  /** Makes the context of a call; gets the call's option `traceContext`. */
  createContext?(traceContext: unknown): C;
  /** A request begins; once per attempt. */
  onRequestStart?(context: C, params: TraceRequest): void;
  /** A piece of a request's body was handed to the socket. */
  onRequestChunkSent?(context: C, params: TraceChunk): void;
  /** The head of the answer has come, after redirects; once per attempt. */
  onRequestEnd?(context: C, params: TraceResponse): void;
  /** It failed, or was cancelled, before that. */
  onRequestException?(context: C, params: TraceException): void;
  /** An answer is a redirect that is followed. */
  onRequestRedirect?(context: C, params: TraceResponse): void;
  /** The head of a request was handed to the socket. */
  onRequestHeadersSent?(context: C, params: TraceRequest): void;
  /** A piece of an answer's body came, as it was on the wire. */
  onResponseChunkReceived?(context: C, params: TraceChunk): void;
  /** It waits for a place under the limits. */
  onConnectionQueuedStart?(context: C, params: TraceConnection): void;
  /** It has its place. */
  onConnectionQueuedEnd?(context: C, params: TraceConnection): void;
  /** A connection is being opened for it. */
  onConnectionCreateStart?(context: C, params: TraceConnection): void;
  /** The connection is open. */
  onConnectionCreateEnd?(context: C, params: TraceConnection): void;
  /** It uses a connection that served others before. */
  onConnectionReuseConn?(context: C, params: TraceConnection): void;
  /** A host's name is looked up. */
  onDnsResolveHostStart?(context: C, params: TraceHost): void;
  /** The host's addresses are known. */
  onDnsResolveHostEnd?(context: C, params: TraceHost): void;
  /** The host's addresses were known already. */
  onDnsCacheHit?(context: C, params: TraceHost): void;
  /** They were not. */
  onDnsCacheMiss?(context: C, params: TraceHost): void;
}

/** A TraceConfig, whatever its context is. */
export type AnyTraceConfig = TraceConfig<object>;

/** What the network side tells, when somebody traces; null where nobody does. @internal */
export interface TraceSink {
  requestHeadersSent(): void;
  requestChunkSent(chunk: Uint8Array): void;
  responseChunkReceived(chunk: Uint8Array): void;
  connectionQueuedStart(origin: string): void;
  connectionQueuedEnd(origin: string): void;
  connectionCreateStart(origin: string): void;
  connectionCreateEnd(origin: string): void;
  connectionReuseConn(origin: string): void;
  dnsResolveHostStart(host: string): void;
  dnsResolveHostEnd(host: string): void;
  dnsCacheHit(host: string): void;
  dnsCacheMiss(host: string): void;
}

/** Checks traces from outside. @internal */
export function tracesOf(input: readonly AnyTraceConfig[] | undefined): readonly AnyTraceConfig[] {
  if (input === undefined) return [];
  const fine = Array.isArray(input) && input.every((each) => typeof each === "object" && each);
  if (!fine) throw wrongType("options.traces", "an array of objects", input);
  return [...input];
}
