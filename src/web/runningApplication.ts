/*
 * RunningApplication: what `app.start` gives: where it listens, and how to stop it.
 */
import type { AddressInfo } from "node:net";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import type { AppRun } from "./appRun.ts";
import type { DrainOptions } from "./drainOptions.ts";
import type { WebServer } from "./webServer.ts";

/**
 * An application that runs.
 *
 * **Cancellation:** leaving its `await using` block stops it at once: requests are cancelled and waited for.
 */
export class RunningApplication implements AsyncDisposable {
  readonly #run: AppRun;

  /** @internal */
  constructor(run: AppRun) {
    this.#run = run;
  }

  /** The path of its unix socket; null when it has none. */
  get path(): string | null {
    const address = this.#server?.address ?? null;
    return typeof address === "string" ? address : null;
  }

  /**
   * The port that it listens on.
   * @throws {@link InvalidStateError} when it listens on none
   */
  get port(): number {
    return this.#address("port").port;
  }

  /**
   * Where to reach it: `http://127.0.0.1:8000`, without a slash at the end.
   * @throws {@link InvalidStateError} when it listens on no port
   */
  get url(): string {
    const { address, family, port } = this.#address("url");
    const anywhere = address === "0.0.0.0" || address === "::";
    const host = anywhere ? "localhost" : family === "IPv6" ? `[${address}]` : address;
    return `${this.#server?.settings.tls === undefined ? "http" : "https"}://${host}:${port}`;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#server?.connections ?? 0;
  }

  /** How many requests are under way. */
  get running(): number {
    return this.#server?.running ?? 0;
  }

  /**
   * Stops gently: accepts nobody new, lets requests come to their end, and what they have left behind; then ends
   * background tasks and closes what was opened. Past the deadline requests are cancelled, which they get a second to
   * clean up for, then connections are broken off. May be called again: then it waits for the first.
   *
   * **Cancellation:** the wait ends; it goes on stopping.
   */
  drain(options: DrainOptions = {}): Promise<void> {
    return this.#run.stop(options);
  }

  /** Stops at once: requests are cancelled and waited for, then what was opened is closed. */
  close(): Promise<void> {
    return this.#run.stop({ timeout: 0, lameDuck: 0 });
  }

  /** Waits until it has stopped, whoever stops it. */
  stopped(): Promise<void> {
    return this.#run.ended();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #server(): WebServer | null {
    return this.#run.server;
  }

  #address(what: string): AddressInfo {
    const address = this.#server?.address ?? null;
    if (address === null || typeof address === "string")
      throw new InvalidStateError(`${what} of an application that listens on no port`);
    return address;
  }

  /** @internal */
  [INSPECT](): string {
    const { address } = this.#server ?? { address: null };
    const where = address === null ? "" : ` ${typeof address === "string" ? address : this.url}`;
    return `<RunningApplication${where} requests=${this.running}>`;
  }
}
