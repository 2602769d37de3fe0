/*
 * compress: a middleware that compresses answers for those who accept it.
 *
 * Strategy: what is there as a whole is compressed as a whole, at once when it is small, in a thread of Node's pool when
 * it isn't; what comes piece by piece is compressed piece by piece (compressedExchange.ts). Left alone is what would not
 * shrink, is a part of something, is coded already, or says `no-transform`. Of one address there are two forms then:
 * `Vary` says so on both, and a strong ETag becomes a weak one, for it no longer means the same bytes (RFC 9110, sections
 * 8.8.1 and 12.5.5).
 * Limits: where an answer holds a secret beside what a visitor has sent, its size tells of the secret (BREACH): leave
 * such routes out. No zstd: Node 20 hasn't got it.
 */
import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from "node:zlib";
import { expectFunction, expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import { suspend } from "../core/suspend.ts";
import { preferredCoding } from "./acceptEncoding.ts";
import { CompressedBody } from "./compressedBody.ts";
import type { Coding, Levels } from "./compressedExchange.ts";
import { isWeak, matchesStrongly, parseEntityTags, weakened } from "./etag.ts";
import type { Middleware } from "./handler.ts";
import { isCompressible } from "./mediaType.ts";
import type { Reply } from "./reply.ts";
import { type FittedRequest, ReplyBody } from "./replyBody.ts";

/** What is compressed, and how. */
export interface CompressOptions {
  /** What is shorter stays as it is, in bytes. Default 1024. */
  readonly threshold?: number;
  /** Which codings, best first. Default brotli, then gzip. */
  readonly codings?: readonly Coding[];
  /** From 1, quick, to 9 for gzip and 11 for brotli, small. Default 6 and 4. */
  readonly levels?: Partial<Levels>;
  /** Which media types shrink. Default: text, JSON, XML, SVG, WebAssembly and the like. */
  readonly types?: (type: string) => boolean;
}

/** Below so many bytes, a thread costs more than the work. */
const SMALL = 16 * 1024;

/**
 * Compresses answers by the request's `Accept-Encoding`: text, bytes, streams, files.
 *
 * @throws TypeError or RangeError when an option is not as it should be
 *
 * @example
 * ```ts
 * import { compress } from "ambit/web";
 *
 * const middleware = compress({ threshold: 500, codings: ["gzip"] });
 * typeof middleware; // => "function"
 * ```
 */
export function compress(options: CompressOptions = {}): Middleware {
  const rules = new Rules(options);
  return async (request, next) => {
    const reply = await next();
    const { body } = reply;
    // Only then it is known what of a file is sent.
    if (body instanceof ReplyBody && body.fit !== undefined) await body.fit(request, reply);
    await rules.apply(request, reply);
    return reply;
  };
}

class Rules {
  readonly #threshold: number;
  readonly #codings: readonly Coding[];
  readonly #levels: Levels;
  readonly #shrinks: (type: string) => boolean;

  constructor(options: CompressOptions) {
    const { threshold = 1024, codings = ["br", "gzip"], levels, types = isCompressible } = options;
    expectInteger("options.threshold", threshold, 0);
    if (!Array.isArray(codings) || codings.some((each) => each !== "br" && each !== "gzip"))
      throw wrongType("options.codings", "a list of `br` and `gzip`", codings);
    expectFunction("options.types", types);
    this.#threshold = threshold;
    this.#codings = codings;
    this.#levels = {
      br: levelOf("br", levels?.br ?? 4, 11),
      gzip: levelOf("gzip", levels?.gzip ?? 6, 9),
    };
    this.#shrinks = types;
  }

  async apply(request: FittedRequest, reply: Reply): Promise<void> {
    const { headers } = reply;
    if (reply.status === 304) return unchanged(request, reply);
    if (!this.#concerns(reply)) return;
    headers.vary("Accept-Encoding");
    const coding = preferredCoding(request.headers.get("accept-encoding"), this.#codings);
    if (coding === null || sizeOf(reply.body) < this.#threshold) return;
    if (!(await this.#replace(request, reply, coding))) return;
    headers.set("content-encoding", coding);
    headers.delete("content-length");
    headers.delete("accept-ranges");
    const etag = headers.get("etag");
    if (etag !== null) headers.set("etag", weakened(etag));
  }

  /** Whether it could be compressed for anybody. */
  #concerns({ status, body, headers, type }: Reply): boolean {
    if (body === null || status < 200 || status === 204 || status === 205 || status === 206)
      return false;
    if (headers.has("content-encoding") || headers.has("content-range")) return false;
    if (/(?:^|,)\s*no-transform\s*(?:,|$)/i.test(headers.get("cache-control") ?? "")) return false;
    return this.#shrinks(headers.get("content-type") ?? type ?? "");
  }

  /** False when it would not get smaller. */
  async #replace(request: FittedRequest, reply: Reply, coding: Coding): Promise<boolean> {
    const { body } = reply;
    if (request.method === "HEAD") {
      // How long it would be is known only to who does it.
      reply.body = new CompressedBody(
        body instanceof ReplyBody ? body : null,
        coding,
        this.#levels,
      );
      return true;
    }
    if (body instanceof ReplyBody) {
      reply.body = new CompressedBody(body, coding, this.#levels);
      return true;
    }
    const plain = typeof body === "string" ? Buffer.from(body) : (body as Uint8Array);
    const smaller = await compressed(plain, coding, this.#levels);
    if (smaller.length >= plain.length) return false;
    reply.body = smaller;
    return true;
  }
}

/** The tag that the client has, if it got this compressed: a cache would not know the other one. */
function unchanged(request: FittedRequest, { headers }: Reply): void {
  headers.vary("Accept-Encoding");
  const etag = headers.get("etag");
  const known = request.headers.get("if-none-match");
  if (etag === null || isWeak(etag) || known === null) return;
  if (!matchesStrongly(parseEntityTags(known), etag)) headers.set("etag", weakened(etag));
}

/** In bytes; Infinity when nobody knows. */
function sizeOf(body: Reply["body"]): number {
  if (body === null) return 0;
  if (typeof body === "string") return Buffer.byteLength(body);
  return body instanceof ReplyBody ? (body.length ?? Infinity) : body.byteLength;
}

function compressed(
  plain: Uint8Array,
  coding: Coding,
  levels: Levels,
): Uint8Array | Promise<Uint8Array> {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = {
    [BROTLI_PARAM_QUALITY]: levels.br,
    [BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  const level = { level: levels.gzip };
  if (plain.length <= SMALL)
    return coding === "br" ? brotliCompressSync(plain, { params }) : gzipSync(plain, level);
  return suspend<Uint8Array>(
    (wait) => {
      const done = (error: Error | null, result: Uint8Array): void => {
        if (error === null) wait.resolve(result);
        else wait.reject(error);
      };
      if (coding === "br") brotliCompress(plain, { params }, done);
      else gzip(plain, level, done);
    },
    undefined,
    "compression",
  );
}

function levelOf(name: string, level: number, most: number): number {
  if (Number.isInteger(level) && level >= 1 && level <= most) return level;
  throw outOfRange(`options.levels.${name}`, `an integer from 1 to ${most}`, level);
}
