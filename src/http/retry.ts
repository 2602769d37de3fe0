/*
 * A call, again and again until its policy is content.
 *
 * Limits: it ends with the head of an answer. A body that breaks off later is the reader's to deal
 * with.
 */
import { ambientScope, getRunningLoop } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import type { TimerHandle } from "../core/clock.ts";
import type { Call } from "./call.ts";
import type { Connector, Endable } from "./connector.ts";
import type { ClientResponse } from "./response.ts";
import { failedAttempt, type Repeatable, type RetryPolicy } from "./retryPolicy.ts";

/** Makes attempts until one succeeds, or is not to be made again; gives, or throws, its outcome. @internal */
export async function retried(
  call: Call,
  policy: RetryPolicy,
  connector: Connector,
  attempt: (number: number) => Promise<ClientResponse>,
): Promise<ClientResponse> {
  const scope = ambientScope();
  const loop = getRunningLoop();
  const request = repeatable(call);
  policy.budget?.deposit();
  for (let number = 1; ; number++) {
    const before = scope.metCancels();
    let delay: number | null;
    try {
      const response = await attempt(number);
      const failed = failedAttempt(request, number, { response });
      delay = policy.pause(request, failed, loop.wallTime());
      if (delay === null) return response;
      response.discard();
    } catch (error) {
      // A cancel that a middleware turned into another error is one all the same.
      if (scope.metCancels() > before) throw error;
      const failed = failedAttempt(request, number, { error });
      delay = policy.pause(request, failed, loop.wallTime());
      if (delay === null) throw error;
    }
    await new Pause(call, connector, number).last(delay);
  }
}

function repeatable({ method, url, body, headers }: Call): Repeatable {
  const replayable = body === null || body.replayable;
  return { method, url, replayable, keyed: headers.includes("idempotency-key") };
}

/** A pause between two attempts; it ends with the session, too. */
class Pause implements Endable {
  readonly method: string;
  readonly url: string;
  readonly attempt: number;
  readonly #connector: Connector;
  #wait: Wait<void> | null = null;
  #timer: TimerHandle | null = null;

  constructor({ method, url }: Call, connector: Connector, attempt: number) {
    this.method = method;
    this.url = url;
    this.attempt = attempt;
    this.#connector = connector;
  }

  async last(ms: number): Promise<void> {
    const loop = getRunningLoop();
    const begin = (wait: Wait<void>): void => {
      this.#wait = wait;
      this.#timer = loop.schedule(loop.time() + ms, over, wait);
    };
    this.#connector.add(this);
    try {
      // The target tells that nothing outside is waited for: virtual time goes on.
      await suspend<void, Pause>(begin, this, `http.${this.method.toLowerCase()} (retry)`);
    } finally {
      this.#timer?.cancel();
      this.#connector.remove(this);
    }
  }

  fail(error: Error): void {
    this.#wait?.reject(error);
  }
}

function over(wait: Wait<void>): void {
  wait.resolve();
}
