/*
 * Cassette: real answers, recorded once and replayed ever after.
 *
 * Strategy: a transport around the network. What is recorded is kept in memory, in the order in which
 * requests were sent, and written when it is closed, as a whole; so requests may go on at a time, and
 * a program that fails in between leaves the old file. Replaying opens no socket and works in virtual
 * time. Requests are compared and kept with their secrets masked (cassetteMask.ts).
 * Limits: answers are recorded as the server sends them without compression. A body that the program
 * did not read to its end is recorded as far as it went, and breaks off there when replayed.
 */
import { existsSync } from "node:fs";
import { INSPECT } from "../core/inspection.ts";
import { expectFunction, outOfRange, wrongType } from "../core/arguments.ts";
import { CassetteBody } from "./cassetteBody.ts";
import { CassetteError } from "./cassetteError.ts";
import { bytesOf, readCassette, writeCassette } from "./cassetteFile.ts";
import { CassetteMask } from "./cassetteMask.ts";
import { type CassetteMatch, checkedMatch } from "./cassetteMatch.ts";
import { CassetteTape, type Take } from "./cassetteTape.ts";
import type { ClientRequest } from "./clientRequest.ts";
import { ClientConnectionError } from "./connectionErrors.ts";
import { bodyFailure, headFailure } from "./failure.ts";
import { MockRequest } from "./mockRequest.ts";
import { PlayedBody } from "./playedBody.ts";
import type { SessionOptions } from "./sessionOptions.ts";
import { SessionTransport } from "./sessionTransport.ts";
import type { Transport, TransportResponse } from "./transport.ts";

/** Whether a cassette asks the network, or its file. */
export type CassetteMode = "auto" | "record" | "replay";

/** How a cassette works. */
export interface CassetteOptions {
  /**
   * `"record"` asks the network, and writes the file anew; `"replay"` never asks it; `"auto"`
   * (default) replays when the file is there, and records when it is not.
   */
  readonly mode?: CassetteMode;
  /** What has to be as recorded. Default `["method", "url", "body"]`. */
  readonly match?: CassetteMatch;
  /**
   * Whether the last answer to a request is given again and again once all were replayed. Default
   * false: that is an error.
   */
  readonly repeat?: boolean;
  /**
   * Names of headers, query parameters and fields of JSON or forms that are secrets, beyond those that
   * sound like one; false to mask nothing.
   */
  readonly redact?: readonly (string | RegExp)[] | false;
  /** Texts that are masked wherever they turn up. */
  readonly secrets?: readonly string[];
  /** How the network is asked: the options of a session, or a transport. */
  readonly network?: SessionOptions | Transport;
}

/**
 * Records what servers answer in a file, and replays it: the session option `transport`.
 *
 * The file is JSON for people to read, and to be kept beside the tests: passwords, tokens and cookies
 * are masked. Each recorded exchange is replayed once, those of the same request in their order. It is
 * written when the session, or the cassette, is closed.
 *
 * @example
 * ```ts
 * import { mkdtempSync } from "node:fs";
 * import { Cassette, ClientSession, MockTransport } from "ambit/http";
 *
 * const path = `${mkdtempSync("/tmp/ambit-")}/users.json`;
 * const network = new MockTransport(() => ({ body: "hello" })); // left out: the network itself
 * for (const expected of ["record", "replay"]) {
 *   const transport = new Cassette(path, { network });
 *   await using session = new ClientSession({ transport });
 *   await (await session.get("http://example.com/")).text(); // => "hello"
 *   transport.mode; // => expected
 * }
 * network.requests.length; // => 1
 * ```
 */
export class Cassette implements Transport {
  /** The file. */
  readonly path: string;
  /** What it does: `"auto"` was decided when it was made. */
  readonly mode: "record" | "replay";
  readonly #repeat: boolean;
  readonly #tape: CassetteTape;
  readonly #network: Transport | null;
  #closed = false;

  /**
   * @param path of the file; its folder is made when it is written
   * @throws the file system's error, when there is no file to replay
   * @throws SyntaxError when it is no cassette
   * @throws TypeError or RangeError when an option is not as it should be
   */
  constructor(path: string, options: CassetteOptions = {}) {
    const {
      match = ["method", "url", "body"],
      repeat = false,
      redact = [],
      secrets = [],
    } = options;
    if (typeof path !== "string") throw wrongType("path", "a string", path);
    if (typeof repeat !== "boolean") throw wrongType("options.repeat", "true or false", repeat);
    this.path = path;
    this.mode = modeOf(options.mode ?? "auto", path);
    this.#repeat = repeat;
    const exchanges = this.mode === "replay" ? readCassette(path) : [];
    this.#tape = new CassetteTape(
      new CassetteMask(redact, secrets),
      checkedMatch(match),
      exchanges,
    );
    this.#network = this.mode === "record" ? networkOf(options.network ?? {}) : null;
  }

  /**
   * Answers a request; sessions call it.
   *
   * **Cancellation:** of a request that is being recorded ends it; it is kept only if its head had
   * come, as one that breaks off.
   *
   * @throws {@link CassetteError} when replaying, for a request that was not recorded, or was replayed
   *   as often as it was recorded; and for any when it is closed
   * @throws what the network throws when recording; a {@link ClientConnectionError} is recorded
   */
  async send(request: ClientRequest): Promise<TransportResponse> {
    if (this.#closed) throw new CassetteError(`${this[INSPECT]()} is closed: make a new one`);
    const came = await MockRequest.of(request);
    if (this.#network === null) return this.#replay(came);
    return this.#record(this.#network, request, came);
  }

  #replay(came: MockRequest): TransportResponse {
    const { response, error = "" } = this.#tape.replay(came, this.#repeat);
    const { method, attempt } = came;
    const url = came.url.href;
    const subject = { method, url, attempt };
    if (response === undefined) throw headFailure(subject, systemError(error), Infinity);
    const { status, statusText, headers, body, cut } = response;
    const bytes = bytesOf(body);
    const broken = bodyFailure(subject, systemError("ECONNRESET"), bytes.length);
    const end = cut === true ? { after: bytes.length, error: broken } : null;
    const head = { ...subject, status, statusText, headers };
    return { status, statusText, headers, body: new PlayedBody(head, [bytes], end) };
  }

  async #record(
    network: Transport,
    request: ClientRequest,
    came: MockRequest,
  ): Promise<TransportResponse> {
    const take = this.#tape.begin(came);
    const answer = await network.send(asRead(request, came.bytes)).catch((error: unknown) => {
      if (error instanceof ClientConnectionError && error.code !== undefined)
        take.outcome = codeOf(error.code);
      throw error;
    });
    return this.#recorded(take, answer, came);
  }

  #recorded(
    take: Take,
    { status, statusText = "", headers, body }: TransportResponse,
    { method, url, attempt }: MockRequest,
  ): TransportResponse {
    const head = { method, url: url.href, attempt, status, statusText, headers };
    const source = new CassetteBody(head, body);
    take.outcome = () => ({
      response: this.#tape.answer(status, statusText, headers, source.bytes, source.cut),
    });
    return { status, statusText, headers, body: source };
  }

  /**
   * Checks that all that was recorded was replayed.
   *
   * @throws {@link CassetteError} that lists the rest
   */
  assertDone(): void {
    const unused = this.#tape.unused();
    if (unused.length === 0) return;
    throw new CassetteError(
      `${this.path} has more:\n${unused.map((what) => `  ${what}`).join("\n")}`,
    );
  }

  /**
   * Writes what was recorded; the session does it. May be called again. The file is replaced as a
   * whole, or left as it was.
   *
   * **Cancellation:** the file is written all the same; only the wait for the network ends.
   *
   * @throws the file system's error
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#network === null) return;
    try {
      writeCassette(this.path, this.#tape.recording());
    } finally {
      await this.#network.close?.();
    }
  }

  /** Forgets what was recorded: the file is left as it was. */
  async discard(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#network?.close?.();
  }

  /** @internal */
  [INSPECT](): string {
    return `<Cassette ${this.path} ${this.mode} exchanges=${this.#tape.size}>`;
  }
}

function modeOf(mode: CassetteMode, path: string): "record" | "replay" {
  if (mode === "record" || mode === "replay") return mode;
  if (mode === "auto") return existsSync(path) ? "replay" : "record";
  throw outOfRange("options.mode", '"auto", "record" or "replay"', mode);
}

/** The request with what was read of its body, which may not be read twice. */
function asRead(request: ClientRequest, bytes: Uint8Array): ClientRequest {
  const sent = request.clone();
  if (request.body === null) return sent;
  const { contentType, contentEncoding = null } = request.body;
  const { length } = bytes;
  sent.body = { length, contentType, contentEncoding, replayable: true, open: () => bytes };
  return sent;
}

function codeOf(error: string): Take["outcome"] {
  return () => ({ error });
}

function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`recorded ${code}`), { code });
}

function networkOf(network: SessionOptions | Transport): Transport {
  if (typeof network !== "object" || network === null)
    throw wrongType("options.network", "the options of a session, or a transport", network);
  if (!("send" in network)) return new SessionTransport(network);
  expectFunction("options.network.send", network.send);
  return network;
}
