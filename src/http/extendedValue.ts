/*
 * Text in a header that can hold Latin-1 only: `filename*=UTF-8''na%C3%AFve.txt` (RFC 8187, once
 * 5987), and what servers send in its place: bare UTF-8, and the encoded words of mail (RFC 2047).
 *
 * Limits: the language that an extended value may tell is dropped.
 */

const EXTENDED = /^([^']*)'[^']*'(.*)$/s;
const ENCODED_WORD = /=\?([^?\s]+)\?([BbQq])\?([^?\s]*)\?=/g;
const PERCENT = 0x25;
const BETWEEN_WORDS = /(\?=)[ \t]+(?==\?[^?\s]+\?[BbQq]\?)/g;

/**
 * The text of an extended value; null when it is none, or is in an encoding that is not known.
 * @internal
 */
export function decodeExtended(value: string): string | null {
  const match = EXTENDED.exec(value);
  if (match === null) return null;
  const [, charset = "", encoded = ""] = match;
  return decodeBytes(percentDecoded(encoded), charset);
}

/** The bytes that percent-encoded text stands for; what is no such code stays as it is. @internal */
export function percentDecoded(text: string): Uint8Array {
  const bytes = Buffer.from(text, "utf8");
  let size = 0;
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at] === PERCENT ? bytes.toString("latin1", at + 1, at + 3) : "";
    const isCode = /^[0-9a-f]{2}$/i.test(code);
    // In place: what is decoded is never longer than what stood for it.
    bytes[size++] = isCode ? Number.parseInt(code, 16) : (bytes[at] as number);
    if (isCode) at += 2;
  }
  return bytes.subarray(0, size);
}

/** The text of bytes in an encoding; null when that is not known, or the bytes are not in it. @internal */
export function decodeBytes(bytes: Uint8Array, charset: string): string | null {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Encoded words in a text, decoded; those that cannot be stay as they are. @internal */
export function decodeWords(text: string): string {
  if (!text.includes("=?")) return text;
  const joined = text.replace(BETWEEN_WORDS, "$1");
  return joined.replace(ENCODED_WORD, (word, charset: string, kind: string, encoded: string) => {
    const bytes = kind.toUpperCase() === "B" ? Buffer.from(encoded, "base64") : quoted(encoded);
    return decodeBytes(bytes, charset) ?? word;
  });
}

function quoted(encoded: string): Uint8Array {
  const percents = encoded.replaceAll("%", "%25").replaceAll("_", " ");
  return percentDecoded(percents.replace(/=([0-9a-f]{2})/gi, "%$1"));
}

/**
 * A header's text. Its bytes came as Latin-1, one character each; most servers that send others
 * than ASCII mean UTF-8.
 * @internal
 */
export function decodeBare(text: string): string {
  // Beyond Latin-1 it was made by hand, of text that needs no decoding.
  if (!/[\x80-\xff]/.test(text) || /[\u0100-\uffff]/.test(text)) return text;
  return decodeBytes(Buffer.from(text, "latin1"), "utf-8") ?? text;
}
