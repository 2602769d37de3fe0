/*
 * Content codings: what a body may be compressed with, and Node's decoder for each.
 *
 * gzip (also `x-gzip`), deflate, br, and zstd where Node has a decoder that can be trusted: until
 * 24.20 and 26.6 it takes a body that was cut for a whole one. What "deflate" is, servers do not agree
 * on: RFC 9110 means zlib's format, some send the bare one; the first two bytes tell, as in browsers.
 * Limits: `compress` and dictionaries are not known. A body with a coding that is not known is left
 * as it is.
 */
import * as zlib from "node:zlib";
import type { Transform } from "node:stream";

interface WholeOptions {
  readonly chunkSize: number;
  readonly maxOutputLength: number;
}

/** One coding. @internal */
export interface Coding {
  readonly name: string;
  /** A decoder for a body that begins with these bytes, of which there are two if it has as many. */
  open(start: Uint8Array): Transform;
  /** Decodes a body that is all there, at once; throws what is wrong with it. */
  decode(body: Uint8Array, most: number): Uint8Array;
}

/** How much a decoder gives at a time, in bytes: each step is a way to a thread and back. */
const PIECE = 65_536;
/** The same where all is done at once: most bodies are a few KiB, and memory is set aside first. */
const SMALL_PIECE = 8192;

const STREAMED = { chunkSize: PIECE, readableHighWaterMark: PIECE };

function whole(most: number): WholeOptions {
  return { chunkSize: SMALL_PIECE, maxOutputLength: most };
}

const gzip: Coding = {
  name: "gzip",
  open: () => zlib.createGunzip(STREAMED),
  decode: (body, most) => zlib.gunzipSync(body, whole(most)),
};

const deflate: Coding = {
  name: "deflate",
  open: (start) => (isZlib(start) ? zlib.createInflate(STREAMED) : zlib.createInflateRaw(STREAMED)),
  decode: (body, most) =>
    isZlib(body) ? zlib.inflateSync(body, whole(most)) : zlib.inflateRawSync(body, whole(most)),
};

/** RFC 1950, 2.2: method 8, and a check over both bytes that is a multiple of 31. */
function isZlib([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}

const br: Coding = {
  name: "br",
  open: () => zlib.createBrotliDecompress(STREAMED),
  decode: (body, most) => zlib.brotliDecompressSync(body, whole(most)),
};

/** What @types/node 20 does not know of. */
interface Zstd {
  createZstdDecompress?(options: object): Transform;
  zstdDecompressSync?(body: Uint8Array, options: object): Buffer;
  constants: { ZSTD_d_windowLogMax?: number };
}

/**
 * Whether this Node fails a zstd body that ends too soon. By version: to try it takes milliseconds,
 * which every start would pay.
 */
function noticesCut(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 26 || (major === 26 && minor >= 6) || (major === 24 && minor >= 20);
}

function zstdOf({ createZstdDecompress, zstdDecompressSync, constants }: Zstd): Coding | null {
  if (!noticesCut(process.versions.node)) return null;
  if (createZstdDecompress === undefined || zstdDecompressSync === undefined) return null;
  // A frame says how much memory it wants; HTTP's may want 8 MiB (RFC 9659, 3).
  const params = { [constants.ZSTD_d_windowLogMax as number]: 23 };
  return {
    name: "zstd",
    open: () => createZstdDecompress({ ...STREAMED, params }),
    decode: (body, most) => zstdDecompressSync(body, { ...whole(most), params }),
  };
}

const zstd = zstdOf(zlib as unknown as Zstd);

const KNOWN: readonly Coding[] = [gzip, deflate, br, ...(zstd === null ? [] : [zstd])];
const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ...KNOWN.map((coding) => [coding.name, coding] as const),
  ["x-gzip", gzip],
]);

/** What a request says that it can decode. @internal */
export const ACCEPT_ENCODING: string = KNOWN.map(({ name }) => name).join(", ");

/**
 * The codings of a body, in the order they were applied; empty for none. Null when one of them is
 * not known.
 * @internal
 */
export function codingsOf(
  header: string | readonly string[] | undefined,
): readonly Coding[] | null {
  if (header === undefined) return [];
  const names = String(header).toLowerCase().split(",");
  const codings: Coding[] = [];
  for (const name of names.map((each) => each.trim())) {
    if (name === "" || name === "identity") continue;
    const coding = CODINGS.get(name);
    if (coding === undefined) return null;
    codings.push(coding);
  }
  return codings;
}
