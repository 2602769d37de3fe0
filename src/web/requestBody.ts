/*
 * RequestBody: the body of a request, piece by piece or as a whole.
 *
 * Strategy: reads from the exchange when it is asked to, and never twice: the whole body is kept once it was read, so
 * that a middleware and the handler may both look at it.
 */
import { TextDecoder } from "node:util";
import { InvalidStateError } from "../core/errors.ts";
import type { Incoming } from "./exchange.ts";
import { BadRequest, UnsupportedMediaType } from "./httpError.ts";
import type { RequestHeaders } from "./requestHeaders.ts";

const EMPTY = new Uint8Array(0);

/** The body of a request. */
export class RequestBody implements AsyncIterable<Uint8Array> {
  readonly #incoming: Incoming | null;
  readonly #headers: RequestHeaders;
  #state: "new" | "streaming" | "whole" = "new";
  #whole: Promise<Uint8Array> | null = null;

  /** @internal */
  constructor(incoming: Incoming | null, headers: RequestHeaders) {
    this.#incoming = incoming;
    this.#headers = headers;
  }

  /** How many bytes were announced; 0 without a body, undefined when that is not known. */
  get length(): number | undefined {
    return this.#incoming === null ? 0 : this.#incoming.length;
  }

  /** Whether somebody has begun to read it. */
  get used(): boolean {
    return this.#state !== "new";
  }

  /** The trailers, flat, once the end was read. */
  get trailers(): readonly string[] {
    return this.#incoming?.trailers ?? [];
  }

  /**
   * The whole body. May be called again.
   *
   * **Cancellation:** what came is lost.
   *
   * @throws {@link InvalidStateError} when it was read piece by piece
   * @throws {@link PayloadTooLarge} past the route's limit
   */
  bytes(): Promise<Uint8Array> {
    if (this.#whole !== null) return this.#whole;
    this.#begin("whole");
    return (this.#whole = this.#incoming?.readAll() ?? Promise.resolve(EMPTY));
  }

  /**
   * The whole body as text, by the charset of its media type; UTF-8 without one.
   * @throws {@link UnsupportedMediaType} for a charset that nobody knows
   */
  async text(): Promise<string> {
    const decoder = decoderFor(this.#headers.get("content-type"));
    return decoder.decode(this.#takeWhole() ?? (await this.bytes()));
  }

  /**
   * The whole body as JSON.
   * @throws {@link BadRequest} when it's none
   */
  async json(): Promise<unknown> {
    const decoder = decoderFor(this.#headers.get("content-type"));
    return parse(decoder.decode(this.#takeWhole() ?? (await this.bytes())));
  }

  /**
   * The pieces as a web stream, each read when it is asked for. To cancel it leaves the rest unread.
   * @throws {@link InvalidStateError} when somebody has begun to read it
   */
  stream(): ReadableStream<Uint8Array> {
    const pieces = this[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const step = await pieces.next();
          if (step.done === true) controller.close();
          else controller.enqueue(step.value);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** @throws {@link InvalidStateError} when somebody has begun to read it */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    this.#begin("streaming");
    const incoming = this.#incoming;
    return {
      next: async (): Promise<IteratorResult<Uint8Array>> => {
        const value = incoming === null ? null : await incoming.read();
        return value === null ? { done: true, value: undefined } : { done: false, value };
      },
    };
  }

  /** The whole body, when it is there already, as most are: who has it need not wait. */
  #takeWhole(): Uint8Array | null {
    if (this.#state !== "new") return null;
    const whole = this.#incoming?.takeWhole?.() ?? null;
    if (whole === null) return null;
    this.#state = "whole";
    this.#whole = Promise.resolve(whole);
    return whole;
  }

  #begin(state: "streaming" | "whole"): void {
    if (this.#state !== "new") {
      const how = this.#state === "whole" ? "as a whole" : "piece by piece";
      throw new InvalidStateError(`read of a request's body that was read ${how} already`);
    }
    this.#state = state;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const why = text === "" ? "it is empty" : (error as Error).message;
    throw new BadRequest(`the body is no JSON: ${why}`, { cause: error });
  }
}

/** The usual one, which has no state between two texts. */
const UTF8 = new TextDecoder();

function decoderFor(type: string | null): TextDecoder {
  const charset = type === null ? null : /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(type)?.[1];
  if (charset == null || /^utf-?8$/i.test(charset)) return UTF8;
  try {
    return new TextDecoder(charset);
  } catch (error) {
    throw new UnsupportedMediaType(`the body is in the charset ${charset}, which is not known`, {
      cause: error,
    });
  }
}
