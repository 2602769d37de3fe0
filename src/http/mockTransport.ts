/*
 * MockTransport: a server for tests that is none.
 *
 * Strategy: stands in for the network below cookies, authentication, redirects and retries, so all of
 * them are tested with it. Nothing touches a socket: it works in virtual time, where pauses cost
 * nothing. Routes are asked in the order they were made; the first that matches and is not used up
 * answers. What nobody expected is an error that says how it differs from what was, and is remembered
 * for `assertDone`, in case the program under test caught it.
 */
import { expectFunction, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import type { ClientRequest } from "./clientRequest.ts";
import { MockError } from "./mockError.ts";
import { type MockConditions, MockPattern, type UrlMatch } from "./mockPattern.ts";
import { type MockHandler, replied } from "./mockReply.ts";
import { MockRequest } from "./mockRequest.ts";
import { MockRoute } from "./mockRoute.ts";
import { redact } from "./redaction.ts";
import type { Transport, TransportResponse } from "./transport.ts";

/**
 * Answers requests in tests, in place of the network: the session option `transport`. Either a
 * function answers all of them, or routes do, each once unless it says otherwise.
 *
 * @example
 * ```ts
 * import { ClientSession, MockTransport } from "ambit/http";
 *
 * const mock = new MockTransport();
 * mock.get("/users/:id").reply(200, { name: "Ada" }).times(2);
 * mock.post("/users", { json: { name: "Bob" } }).reply(503).reply(201);
 * await using session = new ClientSession({ baseUrl: "http://api.test/", transport: mock });
 * await (await session.get("users/7")).json(); // => { name: "Ada" }
 * mock.requests.map(({ method, url }) => `${method} ${url.pathname}`); // => ["GET /users/7"]
 * mock.assertDone(); // throws MockError
 * ```
 */
export class MockTransport implements Transport {
  readonly #handler: MockHandler | null;
  readonly #routes: MockRoute[] = [];
  readonly #unexpected: string[] = [];
  #requests: MockRequest[] = [];

  /**
   * @param handler answers what no route does
   * @throws TypeError when it is no function
   */
  constructor(handler?: MockHandler) {
    if (handler !== undefined) expectFunction("handler", handler);
    this.#handler = handler ?? null;
  }

  /** All requests that came, in order, answered or not. */
  get requests(): readonly MockRequest[] {
    return this.#requests;
  }

  /**
   * Expects requests of a method, or of any (`"*"`).
   *
   * @throws RangeError when the URL is neither a path nor an http or https URL
   */
  on(method: string, url: UrlMatch, conditions: MockConditions = {}): MockRoute {
    if (typeof method !== "string") throw wrongType("method", "a string", method);
    const route = new MockRoute(new MockPattern(method, url, conditions));
    this.#routes.push(route);
    return route;
  }

  /** Expects a `GET`; as {@link MockTransport.on}. */
  get(url: UrlMatch, conditions?: MockConditions): MockRoute {
    return this.on("GET", url, conditions);
  }

  /** Expects a `HEAD`; as {@link MockTransport.on}. */
  head(url: UrlMatch, conditions?: MockConditions): MockRoute {
    return this.on("HEAD", url, conditions);
  }

  /** Expects a `POST`; as {@link MockTransport.on}. */
  post(url: UrlMatch, conditions?: MockConditions): MockRoute {
    return this.on("POST", url, conditions);
  }

  /** Expects a `PUT`; as {@link MockTransport.on}. */
  put(url: UrlMatch, conditions?: MockConditions): MockRoute {
    return this.on("PUT", url, conditions);
  }

  /** Expects a `PATCH`; as {@link MockTransport.on}. */
  patch(url: UrlMatch, conditions?: MockConditions): MockRoute {
    return this.on("PATCH", url, conditions);
  }

  /** Expects a `DELETE`; as {@link MockTransport.on}. */
  delete(url: UrlMatch, conditions?: MockConditions): MockRoute {
    return this.on("DELETE", url, conditions);
  }

  /**
   * Answers a request; sessions call it.
   *
   * **Cancellation:** ends the pause, or the wait for the function's answer.
   *
   * @throws {@link MockError} when nobody expected the request
   */
  async send(request: ClientRequest): Promise<TransportResponse> {
    const came = await MockRequest.of(request);
    for (const route of this.#routes) {
      const compared = route.compare(came);
      if ("differs" in compared) continue;
      const known = came.with(compared.params);
      const make = route.take(known);
      this.#requests.push(known);
      return replied(known, await make());
    }
    this.#requests.push(came);
    if (this.#handler === null) throw this.#refusal(came);
    return replied(came, await this.#handler(came));
  }

  #refusal(request: MockRequest): MockError {
    const what = `${request.method} ${redact(request.url.href)}`;
    this.#unexpected.push(what);
    const expected = this.#routes.map((route) => {
      const compared = route.compare(request);
      const why = "differs" in compared ? compared.differs : "";
      const words = why === "nothing" ? "it is used up" : `${why} differs`;
      return `  ${String(route)}; ${words}`;
    });
    const rest = expected.length === 0 ? "no route was made" : `expected:\n${expected.join("\n")}`;
    return new MockError(`unexpected request ${what}; ${rest}`);
  }

  /**
   * Checks that all routes were used as often as they said, and that nothing else came.
   *
   * @throws {@link MockError} that lists what is missing, and what was unexpected
   */
  assertDone(): void {
    const missing = this.#routes
      .filter((route) => route.missing > 0)
      .map((route) => `  ${String(route)}`);
    const lines = [...missing, ...this.#unexpected.map((what) => `  unexpected: ${what}`)];
    if (lines.length > 0) throw new MockError(`the mock is not done:\n${lines.join("\n")}`);
  }

  /** Forgets all routes and requests. */
  reset(): void {
    this.#routes.length = this.#unexpected.length = 0;
    this.#requests = [];
  }

  /** @internal */
  [INSPECT](): string {
    return `<MockTransport routes=${this.#routes.length} requests=${this.#requests.length}>`;
  }
}
