/*
 * The opening handshake of a WebSocket, as a transport: what answers the session's request is a
 * WebSocket in place of a body.
 *
 * Strategy: the request goes the way of every other, through redirects, middlewares, cookies and
 * authentication; what comes out at the end is dialled and handed to `ws` here. An answer of 101 has
 * left the WebSocket behind; any other is a response like others, which a redirect or a middleware
 * may act on. A further request of the same call closes what the one before has opened.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Socket } from "node:net";
import { CancelScope } from "../core/cancelScope.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import type { BodySource } from "./bodySource.ts";
import type { ClientRequest } from "./clientRequest.ts";
import { ServerDisconnectedError } from "./connectionErrors.ts";
import { ClientTimeoutError, type Subject } from "./errors.ts";
import { headFailure } from "./failure.ts";
import { type HeaderRecord, toHeaders } from "./headers.ts";
import { WebSocketHandshakeError } from "./responseErrors.ts";
import type { Timeouts } from "./timeouts.ts";
import type { Transport, TransportResponse } from "./transport.ts";
import { type Dialling, dial } from "./webSocketDial.ts";
import {
  type RawOptions,
  type OpeningWebSocket,
  rawWebSocketClass,
  type UpgradeAnswer,
} from "./webSocketLibrary.ts";
import { WebSocketLink } from "./webSocketLink.ts";
import type { WebSocketSettings } from "./webSocketOptions.ts";

/** A WebSocket outlives the task that opens it, so it is made in no task's async context. */
const outsideTasks = AsyncLocalStorage.snapshot();

const NOTHING: BodySource = {
  done: true,
  read: () => Promise.resolve(null),
  readAll: () => Promise.resolve(new Uint8Array()),
  release: () => undefined,
};

/** @internal */
export class WebSocketHandshake implements Transport {
  readonly #settings: WebSocketSettings;
  readonly #timeouts: Timeouts;
  readonly #dialling: Dialling;
  readonly #loop: Loop = getRunningLoop();
  readonly #ended: () => void;
  #link: WebSocketLink | null = null;

  /** `ended` is called when a WebSocket that it has opened has ended. */
  constructor(
    settings: WebSocketSettings,
    timeouts: Timeouts,
    dialling: Dialling,
    ended: () => void,
  ) {
    this.#settings = settings;
    this.#timeouts = timeouts;
    this.#dialling = dialling;
    this.#ended = ended;
  }

  /** The WebSocket of the last request, if it was answered with one. */
  get link(): WebSocketLink | null {
    return this.#link;
  }

  /** Closes what was opened, which nobody gets. */
  discard(): void {
    this.#link?.raw.terminate();
    this.#link = null;
  }

  async send(request: ClientRequest): Promise<TransportResponse> {
    this.discard();
    const subject = subjectOf(request);
    const { url } = request;
    const socket = await this.#within("connect", subject, () => dial(subject, url, this.#dialling));
    const answer = await this.#within("socketRead", subject, () =>
      this.#shake(request, subject, socket),
    );
    const { statusCode = 101, statusMessage = "" } = answer;
    const headers = recordOf(answer.rawHeaders);
    return { status: statusCode, statusText: statusMessage, headers, body: NOTHING };
  }

  /** The total time is the attempt's: it is not ours to keep. */
  async #within<T>(
    kind: "connect" | "socketRead",
    subject: Subject,
    body: () => Promise<T>,
  ): Promise<T> {
    const limit = this.#timeouts[kind];
    if (limit === Infinity) return body();
    const cut = await new CancelScope({ deadline: this.#loop.time() + limit }).run(body);
    if (cut.cancelledCaught) throw new ClientTimeoutError(subject, kind, limit);
    return cut.value;
  }

  #shake(request: ClientRequest, subject: Subject, socket: Socket): Promise<UpgradeAnswer> {
    let begun = false;
    const start = (wait: Wait<UpgradeAnswer>): Cleanup<UpgradeAnswer, undefined> => {
      begun = true;
      const raw = outsideTasks(() => this.#raw(subject, request, socket));
      this.#follow(wait, raw, subject, socket);
      return () => raw.terminate();
    };
    const label = `WebSocket ${new URL(subject.url).host} handshake`;
    const answer = suspend(start, undefined, label);
    if (!begun) socket.destroy();
    return answer;
  }

  #raw(subject: Subject, request: ClientRequest, socket: Socket): OpeningWebSocket {
    const { protocols, compress, autoping, maxMessageSize, closeTimeout } = this.#settings;
    const options: RawOptions = {
      headers: headersOf(request, this.#settings.origin),
      createConnection: () => socket,
      perMessageDeflate: compress,
      maxPayload: maxMessageSize,
      autoPong: autoping,
      closeTimeout,
    };
    return new (rawWebSocketClass())(subject.url, protocols, options);
  }

  #follow(
    wait: Wait<UpgradeAnswer>,
    raw: OpeningWebSocket,
    subject: Subject,
    socket: Socket,
  ): void {
    let upgraded: UpgradeAnswer | null = null;
    raw.on("upgrade", (answer) => {
      upgraded = answer;
    });
    raw.on("open", () => {
      const parts = { raw, subject, loop: this.#loop, settings: this.#settings };
      let failure: Error | null = null;
      socket.once("error", (error: Error) => (failure = error));
      this.#link = new WebSocketLink({
        ...parts,
        received: () => socket.bytesRead,
        broken: () => failure,
        gone: () => socket.destroyed,
        ended: this.#ended,
      });
      wait.resolve(upgraded as UpgradeAnswer);
    });
    raw.on("unexpected-response", (_, answer) => {
      wait.resolve(answer);
      raw.terminate();
    });
    raw.on("error", (error) => wait.reject(failureOf(subject, error, upgraded)));
  }
}

function subjectOf({ method, url, attempt }: ClientRequest): Subject {
  const at = new URL(url);
  at.hash = at.username = at.password = "";
  return { method, url: at.href.replace(/^http/, "ws"), attempt };
}

function headersOf(
  request: ClientRequest,
  origin: string | undefined,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of request.headers) headers[name] = value;
  if (origin !== undefined) headers["origin"] = origin;
  return headers;
}

/** What failed it: the answer, or the connection. */
function failureOf(
  subject: Subject,
  error: NodeJS.ErrnoException,
  upgraded: UpgradeAnswer | null,
): Error {
  // Node's words for a connection that the server closed before it answered.
  if (error.message === "socket hang up")
    return new ServerDisconnectedError(subject, "the server closed the connection", error);
  if (upgraded === null) return headFailure(subject, error, Infinity);
  const words = `no WebSocket: ${error.message}`;
  const { statusCode = 101, statusMessage = "" } = upgraded;
  const headers = toHeaders(recordOf(upgraded.rawHeaders));
  return new WebSocketHandshakeError(subject, statusCode, statusMessage, headers, words);
}

/** Headers as they came: names in lower case, several of one name as an array. */
function recordOf(raw: readonly string[]): HeaderRecord {
  const record: Record<string, string | string[]> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const value = raw[i + 1] as string;
    const before = record[name];
    if (before === undefined) record[name] = value;
    else record[name] = Array.isArray(before) ? [...before, value] : [before, value];
  }
  return record;
}
