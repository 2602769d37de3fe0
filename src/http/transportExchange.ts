/*
 * One request that a transport answers, held to what an exchange on the network is held to: the total
 * timeout, the signal and the end of the session reach it while it is sent and while its body is read.
 *
 * Strategy: what the transport waits for runs in a cancel scope, whose deadline is the request's; who
 * cancelled that scope is told by the error that was left for it.
 */
import { CancelScope } from "../core/cancelScope.ts";
import { obey } from "../core/outsideSignal.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { BodySource } from "./bodySource.ts";
import type { ClientRequest } from "./clientRequest.ts";
import type { Connector, Endable } from "./connector.ts";
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
    const answer = await this.#limited(() => transport.send(request));
    const { status, statusText = "", headers, body } = answer;
    this.#source = body;
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

  read(): Promise<Uint8Array | null> {
    return this.#reading((source) => source.read());
  }

  readAll(): Promise<Uint8Array> {
    return this.#reading((source) => source.readAll());
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
      throw error;
    }
  }

  release(): void {
    this.#source?.release();
  }

  discard(): void {
    if (this.#source?.discard === undefined) this.release();
    else this.#source.discard();
  }

  orphan(): void {
    this.#source?.orphan?.();
  }
}

const ABORTED = new Error("aborted");
