/*
 * Content-Disposition: whether an answer is to be saved, and under which name (RFC 6266).
 *
 * Strategy: a name of plain ASCII goes into `filename`; any other goes into `filename*` as UTF-8 (RFC 8187), which every
 * browser reads first, with a `filename` beside it for what doesn't. A name is never a path: what stands before the last
 * `/` or `\` is dropped. Control characters become `_`.
 */
import { wrongType } from "../core/arguments.ts";

// Quotes and backslashes may be escaped, but not every client knows that; a `%41` is decoded by some.
const PLAIN = /^(?:[\x20\x21\x23\x24\x26-\x5b\x5d-\x7e]|%(?![0-9a-f]{2}))*$/i;
const CONTROL = /\p{Cc}/gu;

/**
 * The value of a `Content-Disposition`.
 *
 * @param filename what to save it as, in any script
 * @throws TypeError when `filename` is no name of a file
 *
 * @example
 * ```ts
 * import { contentDisposition } from "ambit/web";
 *
 * contentDisposition("attachment", "plans.pdf"); // => 'attachment; filename="plans.pdf"'
 * contentDisposition("inline", "€.txt"); // => `inline; filename="_.txt"; filename*=UTF-8''%E2%82%AC.txt`
 * ```
 */
export function contentDisposition(type: "attachment" | "inline", filename?: string): string {
  if (filename === undefined) return type;
  const name = nameOf(filename);
  if (PLAIN.test(name)) return `${type}; filename="${name}"`;
  const fallback = name.replaceAll(/[^\x20-\x7e]|["\\%]/gu, "_");
  return `${type}; filename="${fallback}"; filename*=UTF-8''${encoded(name)}`;
}

function nameOf(filename: string): string {
  const name =
    typeof filename === "string"
      ? filename.slice(Math.max(filename.lastIndexOf("/"), filename.lastIndexOf("\\")) + 1)
      : "";
  if (name === "" || name === "." || name === "..")
    throw wrongType("filename", "the name of a file", filename);
  // Half a surrogate pair can't be encoded.
  return Buffer.from(name).toString().replaceAll(CONTROL, "_");
}

/** `encodeURIComponent` leaves five characters that RFC 8187 has no place for. */
function encoded(name: string): string {
  return encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
