/*
 * A body that is compressed on its way.
 *
 * Strategy: what is in memory and not big is compressed at once, so that its length is known; all
 * else goes through a compressor of Node's while it is sent, in threads of Node's pool, and its length
 * is not known before.
 * Limits: a compressor keeps back what it may still compress better; what a slow source has given may
 * wait in it until more comes.
 */
import * as zlib from "node:zlib";
import { outOfRange } from "../core/arguments.ts";
import { BufferedBody } from "./bufferedBody.ts";
import { CompressedChunks, type Compressor } from "./compressedChunks.ts";
import { openedChunks } from "./openedChunks.ts";
import type { RequestBody } from "./requestBody.ts";

/** How a body is compressed; `zstd` needs Node 22.15. */
export type Compression = "br" | "deflate" | "gzip" | "zstd";

/** What Node has for one of them; for zstd, older ones have nothing. */
interface Coder {
  readonly sync: ((content: string | Uint8Array) => Uint8Array) | undefined;
  readonly stream: (() => Compressor) | undefined;
}

interface Zstd {
  readonly zstdCompressSync?: (content: string | Uint8Array) => Uint8Array;
  readonly createZstdCompress?: () => Compressor;
}

const { zstdCompressSync, createZstdCompress } = zlib as Zstd;

/** Node's default for brotli, 11, is for what is compressed once and sent often. */
const BROTLI: zlib.BrotliOptions = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } };

const CODERS: Readonly<Record<Compression, Coder>> = {
  br: {
    sync: (content) => zlib.brotliCompressSync(content, BROTLI),
    stream: () => zlib.createBrotliCompress(BROTLI),
  },
  deflate: { sync: zlib.deflateSync, stream: zlib.createDeflate },
  gzip: { sync: zlib.gzipSync, stream: zlib.createGzip },
  zstd: { sync: zstdCompressSync, stream: createZstdCompress },
};

/** More bytes than this are not compressed in one go: that would hold up everything else. */
const AT_ONCE = 262_144;

/**
 * The body, compressed.
 *
 * @throws RangeError when this Node has no such compression
 * @throws TypeError when the body is compressed already
 * @internal
 */
export function compressedBody(body: RequestBody, compression: Compression): RequestBody {
  const coder = Object.hasOwn(CODERS, compression) ? CODERS[compression] : undefined;
  if (coder?.sync === undefined || coder.stream === undefined) {
    const known = Object.entries(CODERS).filter(([, { sync }]) => sync !== undefined);
    throw outOfRange("options.compress", known.map(([name]) => name).join(", "), compression);
  }
  if ((body.contentEncoding ?? null) !== null)
    throw new TypeError(`The body is compressed already (${body.contentEncoding})`);
  const content = body instanceof BufferedBody ? body.open() : null;
  return content !== null && content.length <= AT_ONCE
    ? new CompressedAtOnce(coder.sync(content), body.contentType, compression)
    : new CompressedBody(body, coder.stream, compression);
}

class CompressedAtOnce extends BufferedBody {
  readonly contentEncoding: string;

  constructor(content: Uint8Array, contentType: string | null, contentEncoding: string) {
    super(content, contentType);
    this.contentEncoding = contentEncoding;
  }
}

class CompressedBody implements RequestBody {
  readonly length: null = null;
  readonly contentEncoding: string;
  readonly #body: RequestBody;
  readonly #compressor: () => Compressor;

  constructor(body: RequestBody, compressor: () => Compressor, contentEncoding: string) {
    this.#body = body;
    this.#compressor = compressor;
    this.contentEncoding = contentEncoding;
  }

  get contentType(): string | null {
    return this.#body.contentType;
  }

  get replayable(): boolean {
    return this.#body.replayable;
  }

  open(): AsyncIterable<Uint8Array> {
    const { length } = this.#body;
    const chunks = openedChunks(this.#body.open());
    return new CompressedChunks(chunks, length, this.#compressor());
  }

  discard(): void {
    this.#body.discard?.();
  }
}
