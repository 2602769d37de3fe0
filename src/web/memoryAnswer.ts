/*
 * Answers a request that comes without a socket (`app.fetch`).
 *
 * Each is a connection of its own: its signal is the socket whose end cancels the request.
 */
import { suspend } from "../core/suspend.ts";
import { Scope } from "../core/scope.ts";
import type { Dispatcher, Starter } from "./dispatcher.ts";
import { MemoryExchange } from "./memoryExchange.ts";
import type { RequestRun } from "./requestRun.ts";

/**
 * **Cancellation:** of who waits for the answer is the client leaving.
 * @internal
 */
export function answerInMemory(
  dispatcher: Dispatcher,
  request: Request,
  home: Scope,
): Promise<Response> {
  const exchange = new MemoryExchange(request);
  const client = new MemoryClient(exchange, request.signal, home);
  return suspend<Response, MemoryClient>(
    (wait) => {
      exchange.response.then(
        (response) => wait.resolve(response),
        (error: unknown) => wait.reject(error),
      );
      dispatcher.accept(exchange, client);
      if (request.signal.aborted) exchange.left();
      return () => exchange.left();
    },
    client,
    "app.fetch",
  );
}

class MemoryClient implements Starter {
  readonly scope: Scope;
  readonly creator: Scope;
  readonly #exchange: MemoryExchange;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#exchange.left();

  constructor(exchange: MemoryExchange, signal: AbortSignal, home: Scope) {
    this.#exchange = exchange;
    this.#signal = signal;
    this.creator = home;
    this.scope = new Scope(home, "open");
    this.scope.body = this;
  }

  begin(run: RequestRun): void {
    this.#exchange.onLeft = () => run.clientLeft();
    this.#signal.addEventListener("abort", this.#onAbort);
    run.start();
  }

  runBegan(): void {}

  runEnded(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.scope.end();
  }
}
