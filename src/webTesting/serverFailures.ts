/*
 * ServerFailures: what handlers of an application threw and nobody expected, for a test that would rather see that than
 * a page of status 500.
 *
 * Strategy: one listener an application, however many clients it has; it keeps what it heard until a client asks. In
 * memory the exchange tells which request it was; over a socket the method and the path do, in the order of their ends.
 */
import type { AnswerListener, AnswerRecord } from "../web/answerRecord.ts";
import type { Exchange } from "../web/exchange.ts";
import { HttpError } from "../web/httpError.ts";

/** As many are kept for who never asks. */
const MOST = 100;

/** What tells of answers: an application. @internal */
export interface Answering {
  onAnswer(listener: AnswerListener): unknown;
}

const known = new WeakMap<Answering, ServerFailures>();

/** @internal */
export class ServerFailures {
  readonly #records: AnswerRecord[] = [];

  /** Those of an application. */
  static of(app: Answering): ServerFailures {
    let failures = known.get(app);
    if (failures === undefined) {
      failures = new ServerFailures();
      const { heard } = failures;
      known.set(app, failures);
      app.onAnswer(heard);
    }
    return failures;
  }

  readonly heard = (record: AnswerRecord): void => {
    if (record.error === undefined || record.error instanceof HttpError) return;
    this.#records.push(record);
    if (this.#records.length > MOST) this.#records.shift();
  };

  /** What was thrown while that exchange was answered; undefined when nothing was. */
  takeOf(exchange: Exchange): unknown {
    return this.#take(({ request }) => request.exchange === exchange);
  }

  /** What was thrown by the first such request that ended. */
  takeFor(method: string, target: string): unknown {
    return this.#take(
      ({ request }) => request.method === method && request.exchange.target === target,
    );
  }

  #take(matches: (record: AnswerRecord) => boolean): unknown {
    const at = this.#records.findIndex(matches);
    return at === -1 ? undefined : this.#records.splice(at, 1)[0]?.error;
  }
}
