/*
 * MemoryTransport: carries a session's requests to an application without a socket.
 *
 * Strategy: each request is a connection of its own. Whoever gives up a request, or lets go of an answer that is not
 * whole, is a client that leaves: the request's task is cancelled as it would be over a socket.
 */
import { STATUS_CODES } from "node:http";
import { Scope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import type { ClientRequest } from "../http/clientRequest.ts";
import { headFailure } from "../http/failure.ts";
import type { Transport, TransportResponse } from "../http/transport.ts";
import type { Starter } from "../web/dispatcher.ts";
import type { Exchange, Peer } from "../web/exchange.ts";
import type { RequestRun } from "../web/requestRun.ts";
import { ClientExchange } from "./clientExchange.ts";
import { ReceivedBody } from "./receivedBody.ts";
import type { ServerFailures } from "./serverFailures.ts";
import { Upload } from "./upload.ts";

/** What takes requests: an application. @internal */
export interface Accepting {
  accept(exchange: Exchange, starter: Starter): void;
  /** What requests are under. */
  readonly home: Scope;
}

/** @internal */
export class MemoryTransport implements Transport {
  readonly #app: Accepting;
  readonly #peer: Peer;
  readonly #failures: ServerFailures | null;
  /** Those whose answer is not whole. */
  readonly #open = new Set<ClientExchange>();

  /** @param failures to be thrown in the place of an answer of 500; null for the answer */
  constructor(app: Accepting, peer: Peer, failures: ServerFailures | null) {
    this.#app = app;
    this.#peer = peer;
    this.#failures = failures;
  }

  async send(request: ClientRequest): Promise<TransportResponse> {
    const subject = { method: request.method, url: request.url.href, attempt: request.attempt };
    const incoming = request.body === null ? null : new Upload(request.body, subject);
    const exchange = this.#exchangeFor(request, incoming);
    const connection = new MemoryConnection(this.#app.home, exchange, () =>
      this.#open.delete(exchange),
    );
    this.#open.add(exchange);
    try {
      this.#app.accept(exchange, connection);
      const { status, headers } = await exchange.awaitHead();
      if (status >= 500) await this.#raise(exchange, connection);
      const body = new ReceivedBody(exchange, subject);
      return { status, statusText: STATUS_CODES[status] ?? "", headers: recordOf(headers), body };
    } catch (error) {
      exchange.leave();
      throw isOfNetwork(error) ? headFailure(subject, error, Infinity) : error;
    }
  }

  /** The client leaves, whatever it was about. */
  async close(): Promise<void> {
    // Behind the session, which tells those who wait that it was closed.
    await Promise.resolve();
    for (const exchange of this.#open) exchange.leave();
    this.#open.clear();
  }

  /** Throws what the handler threw, if that is why. */
  async #raise(exchange: ClientExchange, connection: MemoryConnection): Promise<void> {
    // One that is under way still is the handler's own answer.
    if (this.#failures === null || !exchange.ended) return;
    await connection.over();
    const error = this.#failures.takeOf(exchange);
    // oxlint-disable-next-line typescript/only-throw-error -- Whatever it is, it is what was thrown.
    if (error !== undefined) throw error;
  }

  #exchangeFor({ method, url, headers }: ClientRequest, incoming: Upload | null): ClientExchange {
    const rawHeaders = ["host", url.host, "connection", "keep-alive"];
    for (const [name, value] of headers) rawHeaders.push(name, value);
    if (incoming !== null) {
      const { length } = incoming;
      if (length === undefined) rawHeaders.push("transfer-encoding", "chunked");
      else rawHeaders.push("content-length", String(length));
    }
    const target = url.pathname + url.search;
    return new ClientExchange({ method, target, rawHeaders, peer: this.#peer, incoming });
  }
}

function isOfNetwork(error: unknown): error is Error & { code: string } {
  return error instanceof Error && (error as { code?: unknown }).code === "ECONNRESET";
}

function recordOf(flat: readonly string[]): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {};
  for (let at = 0; at < flat.length; at += 2) {
    const name = (flat[at] as string).toLowerCase();
    const value = flat[at + 1] as string;
    const known = record[name];
    record[name] = known === undefined ? value : [known, value].flat();
  }
  return record;
}

/** The connection of one request. */
class MemoryConnection implements Starter {
  readonly scope: Scope;
  readonly creator: Scope;
  #run: RequestRun | null = null;
  readonly #waits = new Set<Wait<void>>();
  readonly #ended: () => void;

  constructor(home: Scope, exchange: ClientExchange, ended: () => void) {
    this.#ended = ended;
    this.creator = home;
    this.scope = new Scope(home, "open");
    this.scope.body = this;
    exchange.onLeft = () => this.#run?.clientLeft();
  }

  begin(run: RequestRun): void {
    this.#run = run;
    run.start();
  }

  runBegan(): void {}

  runEnded(): void {
    this.#run = null;
    this.scope.end();
    this.#ended();
    for (const wait of this.#waits) wait.resolve();
    this.#waits.clear();
  }

  /** Waits for the end of the request's task. */
  async over(): Promise<void> {
    while (this.#run !== null)
      await suspend<void, MemoryConnection>(
        (wait, connection) => {
          connection.#waits.add(wait);
          return () => void connection.#waits.delete(wait);
        },
        this,
        "request's end",
      );
  }
}
