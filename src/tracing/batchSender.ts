/*
 * BatchSender: posts one batch of spans, and tries again what may be tried again.
 *
 * Strategy: a batch that the server refuses at the moment, or does not take, is tried again, with growing pauses; then it
 * is given up. Nothing that happens here reaches the program: it is told to `onError` at most.
 */
import { isCancelled } from "../core/errors.ts";
import { ambientScope } from "../core/scope.ts";
import { sleep } from "../core/sleep.ts";
import { LentBody } from "../http/bufferedBody.ts";
import { retryAfter } from "../http/retryAfter.ts";
import { ClientSession } from "../http/session.ts";
import type { BatchSettings } from "./batchReporterOptions.ts";

/** Statuses after which the same may be sent again (OTLP's, and 408 and 500, which proxies send for a while). */
const AGAIN: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Thrown to `onError` for an answer that is none of 2xx. */
export class SpansRefusedError extends Error {
  override readonly name = "SpansRefusedError";
  /** The status of the answer. */
  readonly status: number;

  constructor(url: string, status: number, count: number) {
    super(`${url} answered ${status} to ${count} spans`);
    this.status = status;
  }
}

/** Bytes of a first attempt: free when they have left the process and will not be sent again, whichever is known first. */
class Loan {
  readonly #free: () => void;
  #hasLeft = false;
  #isDecided = false;

  constructor(free: () => void) {
    this.#free = free;
  }

  left(): void {
    this.#hasLeft = true;
    if (this.#isDecided) this.#free();
  }

  decided(): void {
    this.#isDecided = true;
    if (this.#hasLeft) this.#free();
  }
}

/** @internal */
export class BatchSender {
  /** How often a batch was tried again. */
  retries = 0;
  readonly #settings: BatchSettings;
  readonly #session: ClientSession;

  constructor(settings: BatchSettings) {
    this.#settings = settings;
    const { session, timeout } = settings;
    this.#session = session ?? new ClientSession({ timeout, retry: null, redirects: 0 });
  }

  /**
   * Whether the server took it, in the end.
   * @param written called when nobody needs the bytes any more, where that is known: not when they had to be sent again, nor
   * with a session of somebody else's, which may have middlewares that keep them
   */
  async send(bytes: Uint8Array, count: number, written: () => void): Promise<boolean> {
    const { attempts, delay, maxDelay, session } = this.#settings;
    const loan = new Loan(written);
    const first = session === undefined ? new LentBody(bytes, () => loan.left()) : bytes;
    for (let attempt = 1; ; attempt++) {
      const wait = await this.#try(attempt === 1 ? first : bytes, count);
      if (typeof wait === "string" || attempt >= attempts) {
        if (attempt === 1) loan.decided();
        return wait === "taken";
      }
      this.retries++;
      const pause = delay * 2 ** (attempt - 1);
      await sleep(Math.min(maxDelay, Math.max(pause, wait)));
    }
  }

  /** What became of one attempt; how long the server wants it to wait, when it may be tried again. */
  async #try(body: Uint8Array | LentBody, count: number): Promise<"taken" | "refused" | number> {
    const { url, headers, timeout } = this.#settings;
    try {
      const response = await this.#session.post(url, { body, headers, timeout });
      const { status } = response;
      const wait = retryAfter(response.headers, ambientScope().loop.wallTime()) ?? 0;
      response.discard();
      if (status >= 200 && status < 300) return "taken";
      this.tell(new SpansRefusedError(url, status, count));
      return AGAIN.has(status) ? wait : "refused";
    } catch (error) {
      if (isCancelled(error)) throw error;
      this.tell(error);
      return this.#session.closed ? "refused" : 0;
    }
  }

  /** Tells of what went wrong. */
  tell(error: unknown): void {
    try {
      this.#settings.onError?.(error);
    } catch (exception) {
      const { loop } = ambientScope();
      loop.callExceptionHandler({ message: "onError of a reporter of spans threw", exception });
    }
  }

  /** Closes its session, unless that is somebody else's. */
  async close(): Promise<void> {
    if (this.#settings.session === undefined) await this.#session.close();
  }
}
