/*
 * The traces of one call: who is told what, with which context.
 *
 * Made only when a session traces. Most of what is told happens in callbacks of the socket's; the
 * listeners run in the async context that the call was made in.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { ClientRequest } from "./clientRequest.ts";
import type { ClientResponse } from "./response.ts";
import type { AnyTraceConfig, TraceRequest, TraceSink } from "./tracing.ts";

type Enter = <T>(body: () => T) => T;
type Signal = Exclude<keyof AnyTraceConfig, "createContext">;
type Listener = (context: object, params: object) => void;

/** @internal */
export class TraceRun {
  readonly #listeners: readonly (readonly [AnyTraceConfig, object])[];
  readonly #enter: Enter = AsyncLocalStorage.snapshot();
  readonly #loop: Loop = getRunningLoop();

  constructor(traces: readonly AnyTraceConfig[], traceContext: unknown) {
    this.#listeners = traces.map((trace) => {
      return [trace, trace.createContext?.(traceContext) ?? {}] as const;
    });
  }

  /** Calls the listeners of one signal, in the order they were given in. */
  tell(signal: Signal, params: object): void {
    for (const [trace, context] of this.#listeners) {
      const listener = trace[signal] as Listener | undefined;
      if (listener === undefined) continue;
      this.#loop.guard(() => this.#enter(() => listener.call(trace, context, params)));
    }
  }

  requestStart(request: ClientRequest): void {
    this.tell("onRequestStart", paramsOf(request));
  }

  requestEnd(request: ClientRequest, response: ClientResponse): void {
    this.tell("onRequestEnd", { ...paramsOf(request), response });
  }

  requestException(request: ClientRequest, error: unknown): void {
    this.tell("onRequestException", { ...paramsOf(request), error });
  }

  requestRedirect(request: ClientRequest, response: ClientResponse): void {
    this.tell("onRequestRedirect", { ...paramsOf(request), response });
  }

  /** What the network side of one hop tells. */
  hop(method: string, url: string, headers: Headers): TraceSink {
    return new TraceHop(this, { method, url, headers });
  }
}

function paramsOf({ method, url, headers }: ClientRequest): TraceRequest {
  return { method, url: url.href, headers };
}

class TraceHop implements TraceSink {
  readonly #run: TraceRun;
  readonly #request: TraceRequest;

  constructor(run: TraceRun, request: TraceRequest) {
    this.#run = run;
    this.#request = request;
  }

  #tellChunk(signal: Signal, chunk: Uint8Array): void {
    const { method, url } = this.#request;
    this.#run.tell(signal, { method, url, chunk });
  }

  requestHeadersSent(): void {
    this.#run.tell("onRequestHeadersSent", this.#request);
  }

  requestChunkSent(chunk: Uint8Array): void {
    this.#tellChunk("onRequestChunkSent", chunk);
  }

  responseChunkReceived(chunk: Uint8Array): void {
    this.#tellChunk("onResponseChunkReceived", chunk);
  }

  connectionQueuedStart(origin: string): void {
    this.#run.tell("onConnectionQueuedStart", { origin });
  }

  connectionQueuedEnd(origin: string): void {
    this.#run.tell("onConnectionQueuedEnd", { origin });
  }

  connectionCreateStart(origin: string): void {
    this.#run.tell("onConnectionCreateStart", { origin });
  }

  connectionCreateEnd(origin: string): void {
    this.#run.tell("onConnectionCreateEnd", { origin });
  }

  connectionReuseConn(origin: string): void {
    this.#run.tell("onConnectionReuseConn", { origin });
  }

  dnsResolveHostStart(host: string): void {
    this.#run.tell("onDnsResolveHostStart", { host });
  }

  dnsResolveHostEnd(host: string): void {
    this.#run.tell("onDnsResolveHostEnd", { host });
  }

  dnsCacheHit(host: string): void {
    this.#run.tell("onDnsCacheHit", { host });
  }

  dnsCacheMiss(host: string): void {
    this.#run.tell("onDnsCacheMiss", { host });
  }
}
