/*
 * Several ranges in one answer: `multipart/byteranges` (RFC 9110, section 14.6).
 *
 * Strategy: the heads of the parts are made at once, so that the length of the whole is known before any byte is read.
 * The boundary is random: no file can hold it by design.
 */
import { randomBytes } from "node:crypto";
import { type ByteRange, contentRange } from "./ranges.ts";

/** The parts of a file with what stands between them. @internal */
export interface MultipartPieces {
  readonly boundary: string;
  readonly pieces: readonly (ByteRange | Uint8Array)[];
}

/** @param type of the whole file; null when it has none @internal */
export function multipartPieces(
  ranges: readonly ByteRange[],
  size: number,
  type: string | null,
): MultipartPieces {
  const boundary = randomBytes(18).toString("base64url");
  const typeLine = type === null ? "" : `content-type: ${type}\r\n`;
  const pieces: (ByteRange | Uint8Array)[] = [];
  for (const range of ranges) {
    const before = pieces.length === 0 ? "" : "\r\n";
    const head = `${before}--${boundary}\r\n${typeLine}content-range: ${contentRange(range, size)}\r\n\r\n`;
    pieces.push(Buffer.from(head, "latin1"), range);
  }
  pieces.push(Buffer.from(`\r\n--${boundary}--\r\n`, "latin1"));
  return { boundary, pieces };
}

/** @internal */
export function multipartType(boundary: string): string {
  return `multipart/byteranges; boundary=${boundary}`;
}
