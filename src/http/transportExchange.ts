/*
 * One request that a transport answers, held to what an exchange on the network is held to: the total
 * timeout, the signal and the end of the session reach it while it is sent and while its body is read.
 *
 * Strategy: what the transport waits for runs in a cancel scope, whose deadline is the request's; who
 * cancelled that scope is told by the error that was left for it.
 */
import { CancelScope } from "../core/cancelScope.ts";
import { isCancelled } from "../core/errors.ts";
import { obey } from "../core/outsideSignal.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { BodySource } from "./bodySource.ts";
import type { ClientRequest } from "./clientRequest.ts";
import type { Connector, Endable } from "./connector.ts";
import {
  type ClientRequestEvent,
  type ClientRequestOutcome,
  requestStarted,
  tellEnded,
  tellStarted,
} from "./diagnostics.ts";
import { ClientTimeoutError } from "./errors.ts";
import type { ResponseHead } from "./responseHead.ts";
import type { Sending } from "./sending.ts";
import type { Transport } from "./transport.ts";

/** @internal */
export class TransportExchange implements Endable, BodySource {
  readonly method: string;
  readonly url: string;
  readonly attempt: number;
  /** When its time is up, on the loop's clock; 0 until it is sent. */
  deadline = 0;
  readonly #connector: Connector;
  readonly #sending: Sending;
  readonly #signal: AbortSignal | undefined;
  #source: BodySource | null = null;
  /** What is going on; null between the head and a read. */
  #scope: CancelScope | null = null;
  /** What ended it early. */
  #failure: Error | null = null;
  /** What diagnostics were told, if somebody listened when it began; null when they know its end, too. */
  #told: ClientRequestEvent | null = null;
  #status = 0;

  constructor(connector: Connector, sending: Sending, signal: AbortSignal | undefined) {
    this.#connector = connector;
    this.#sending = sending;
    this.#signal = signal;
    this.method = sending.method;
    this.url = sending.url;
    this.attempt = sending.attempt;
  }

  /** Has the transport answer; gives the head of the answer, whose body it is itself. */
  async perform(transport: Transport, request: ClientRequest): Promise<ResponseHead> {
    if (this.deadline === 0) this.deadline = getRunningLoop().time() + this.#sending.timeouts.total;
    if (requestStarted.hasSubscribers) this.#tellStart(request.headers);
    const answer = await this.#limited(() => transport.send(request)).catch((error: unknown) =>
      this.#tellFailure(error),
    );
    this.#status = answer.status;
    const { status, statusText = "", headers, body } = answer;
    this.#source = body;
    if (body.done) this.#tellEnd("finished");
    const { method, url, attempt } = this;
    return {
      method,
      url,
      attempt,
      status,
      statusText,
      headers,
      requestHeaders: this.#sending.headers,
    };
  }

  #tellStart(headers: Headers): void {
    const { origin } = this.#sending;
    const { method, url, attempt } = this;
    this.#told = tellStarted({ method, url, origin, attempt });
    for (const [name, value] of this.#told.added ?? []) headers.set(name, value);
  }

  #tellFailure(error: unknown): never {
    if (isCancelled(error)) this.#tellEnd("cancelled");
    else this.#tellEnd("failed", error as Error);
    throw error;
  }

  #tellEnd(outcome: ClientRequestOutcome, error: Error | null = null): void {
    const told = this.#told;
    this.#told = null;
    if (told !== null)
      tellEnded(told, { status: this.#status, httpVersion: undefined, error, outcome });
  }

  async #limited<T>(body: () => Promise<T>): Promise<T> {
    this.#connector.add(this);
    this.#signal?.throwIfAborted();
    const scope = new CancelScope({ deadline: this.deadline });
    this.#scope = scope;
    const disobey =
      this.#signal && obey(this.#signal, (reason) => this.fail((reason ?? ABORTED) as Error));
    try {
      const { cancelledCaught, value } = await scope.run(body);
      if (!cancelledCaught) return value;
      const { total } = this.#sending.timeouts;
      this.#failure ??= new ClientTimeoutError(this, "total", total);
      throw this.#failure;
    } finally {
      this.#scope = null;
      disobey?.();
      this.#connector.remove(this);
    }
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#scope?.cancel("the request was ended");
  }

  get done(): boolean {
    return this.#source?.done ?? false;
  }

  async read(): Promise<Uint8Array | null> {
    const chunk = await this.#reading((source) => source.read());
    if (chunk === null) this.#tellEnd("finished");
    return chunk;
  }

  async readAll(): Promise<Uint8Array> {
    const bytes = await this.#reading((source) => source.readAll());
    this.#tellEnd("finished");
    return bytes;
  }

  async #reading<T>(read: (source: BodySource) => Promise<T>): Promise<T> {
    const source = this.#source as BodySource;
    if (this.#failure !== null) throw this.#failure;
    // What is there needs no time, and may be had after the session's end.
    if (source.done) return read(source);
    try {
      return await this.#limited(() => read(source));
    } catch (error) {
      if (error === this.#failure) source.release();
      return this.#tellFailure(error);
    }
  }

  release(): void {
    this.#source?.release();
    this.#tellEnd("released");
  }

  discard(): void {
    this.#tellEnd("released");
    if (this.#source?.discard === undefined) this.release();
    else this.#source.discard();
  }

  orphan(): void {
    this.#source?.orphan?.();
    this.#tellEnd("released");
  }
}

const ABORTED = new Error("aborted");
