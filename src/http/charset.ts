/*
 * In which encoding a body is text.
 *
 * Rules: WHATWG Encoding. A byte order mark tells best, then the label that the head names, then
 * what the caller falls back on, UTF-8 at last. Labels are those of `TextDecoder`; one that it does
 * not know counts for nothing, as in browsers.
 * Limits: what a page or an XML document says of itself (`<meta charset>`) is not looked at: bytes
 * are text before they are HTML. A `fallbackCharset` function may look.
 */
import { TextDecoder } from "node:util";

/** The decoder that nearly every body takes. It keeps no state between calls. */
const UTF_8 = new TextDecoder();
/** By the encodings' own names, of which there are some forty; labels would be without number. */
const decoders = new Map<string, TextDecoder>([["utf-8", UTF_8]]);

/** The encoding that a byte order mark tells, or null. @internal */
export function markedEncoding(bytes: Uint8Array): string | null {
  const [first, second] = bytes;
  if (first === 0xef) return second === 0xbb && bytes[2] === 0xbf ? "utf-8" : null;
  if (first === 0xfe) return second === 0xff ? "utf-16be" : null;
  return first === 0xff && second === 0xfe ? "utf-16le" : null;
}

/** The name of the encoding that a label means, `utf-8` for `UTF8`; null for none. @internal */
export function encodingOf(label: string | null | undefined): string | null {
  if (label == null) return null;
  if (label === "utf-8" || label === "UTF-8") return "utf-8";
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}

/** The text of a whole body; a byte order mark is taken off, and wins. @internal */
export function decodeText(bytes: Uint8Array, encoding: string): string {
  return decoderOf(markedEncoding(bytes) ?? encoding).decode(bytes);
}

function decoderOf(encoding: string): TextDecoder {
  let decoder = decoders.get(encoding);
  if (decoder === undefined) decoders.set(encoding, (decoder = new TextDecoder(encoding)));
  return decoder;
}
