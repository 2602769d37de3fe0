/*
 * An HTTP client as one writes it with nothing but node:http: one connection, kept open, one
 * request at a time. It serves the engines that do without Ambit; they hand it an AbortSignal.
 */
import { Agent, type IncomingMessage, request as httpRequest } from "node:http";

import { patience, type Answer } from "./answer.ts";
import { TransferError, transferError } from "./transferError.ts";

/** A client with one connection, for one server. */
export class PlainClient {
  readonly #agent: Agent;
  readonly #request: typeof httpRequest;

  private constructor(agent: Agent, request: typeof httpRequest) {
    this.#agent = agent;
    this.#request = request;
  }

  /** A client for the server of `base`; node:https is loaded only for one that needs it. */
  static async for(base: string): Promise<PlainClient> {
    const options = { keepAlive: true, maxSockets: 1 };
    if (!/^https:/i.test(base)) return new PlainClient(new Agent(options), httpRequest);
    const { Agent: SecureAgent, request } = await import("node:https");
    return new PlainClient(new SecureAgent(options), request);
  }

  /**
   * Fetches a URL.
   *
   * @throws {@link TransferError} when no whole answer came
   * @throws the signal's reason when it is aborted
   */
  async get(url: string, signal: AbortSignal): Promise<Answer> {
    let head: IncomingMessage | undefined;
    try {
      head = await this.#head(url, signal);
      const body: Buffer[] = [];
      for await (const chunk of head) body.push(chunk as Buffer);
      return { status: head.statusCode ?? 0, body: Buffer.concat(body) };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error instanceof TransferError ? error : transferError(error, head !== undefined);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #head(url: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = this.#request(url, { agent: this.#agent, signal }, resolve);
      request.once("error", reject);
      request.setTimeout(patience, () => request.destroy(new TransferError("no answer in time")));
      request.end();
    });
  }
}
