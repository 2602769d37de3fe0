/*
 * Content-Disposition, taken apart: whether a body is meant to be saved, and under which name.
 *
 * Rules: RFC 6266, with RFC 8187 for `filename*`. What servers send beside them is read as browsers
 * read it: names without quotes but with spaces, bare UTF-8, the encoded words of mail, pieces
 * (`filename*0=`, RFC 2231), no type at all.
 * A name is never a path: what stands before the last `/` or `\` is dropped, and so are control
 * characters. Whether the rest is a good name for a file on this system is for who saves it to say.
 * Limits: `%41` in a plain `filename` stays as it is: browsers differ, and RFC 6266 has no escapes.
 */
import {
  decodeBare,
  decodeBytes,
  decodeExtended,
  decodeWords,
  percentDecoded,
} from "./extendedValue.ts";
import {
  type HeaderParameter,
  isToken,
  scannedObject,
  scanParameters,
} from "./headerParameters.ts";

/** What a server wants done with a body. */
export interface ContentDisposition {
  /** `attachment`: to be saved; `inline`: to be shown. In lower case; unknown ones mean the former. */
  readonly type: string;
  /** The name to save it under, without folders; null when there is none that could be one. */
  readonly filename: string | null;
  /** All parameters as they came, names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a header's value tells; null without one. @internal */
export function contentDispositionOf(value: string | undefined): ContentDisposition | null {
  if (value === undefined) return null;
  const [first = ""] = value.split(";", 1);
  const trimmed = first.trim().toLowerCase();
  // `filename=a.txt` alone: browsers take it for an attachment.
  const typed = isToken(trimmed);
  const text = typed ? value.slice(first.length) : `;${value}`;
  const { parameters } = scanParameters(text, 0, false);
  return Object.freeze({
    type: typed ? trimmed : "attachment",
    filename: filenameOf(parameters),
    parameters: scannedObject(parameters),
  });
}

/** The first of `filename*`, its pieces, and `filename` that gives a name (RFC 6266, 4.3). */
function filenameOf(parameters: readonly HeaderParameter[]): string | null {
  const given = new Map(parameters.toReversed());
  const extended = given.get("filename*");
  const plain = given.get("filename");
  return (
    (extended === undefined ? null : lastSegment(decodeExtended(extended) ?? "")) ??
    lastSegment(joined(given)) ??
    (plain === undefined ? null : lastSegment(decodeWords(decodeBare(plain))))
  );
}

/** `filename*0*=UTF-8''a%20; filename*1=b`: the pieces, put together. */
function joined(given: ReadonlyMap<string, string>): string {
  let charset = "utf-8";
  const pieces: Uint8Array[] = [];
  for (let index = 0; ; index++) {
    const plain = given.get(`filename*${index}`);
    let encoded = given.get(`filename*${index}*`);
    if (plain === undefined && encoded === undefined) break;
    const introduction = index === 0 ? /^([^']*)'[^']*'/.exec(encoded ?? "") : null;
    if (introduction !== null) {
      charset = introduction[1] as string;
      encoded = encoded?.slice(introduction[0].length);
    }
    pieces.push(
      encoded === undefined ? Buffer.from(decodeBare(plain as string)) : percentDecoded(encoded),
    );
  }
  return decodeBytes(Buffer.concat(pieces), charset) ?? "";
}

/** And those that turn the direction of text around: `exe.pdf` may be `fdp.exe` with one. */
const CONTROL = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** What of a path can be a name. */
function lastSegment(path: string): string | null {
  const segment = path.replace(CONTROL, "").split(/[/\\]/).at(-1) as string;
  // A drive of Windows is a path, too.
  const name = segment.replace(/^[a-z]:/i, "").trim();
  return name === "" || name === "." || name === ".." ? null : name;
}
