/*
 * PartHead: what a part of a multipart body says of itself.
 *
 * Rules: RFC 2046 for the lines, RFC 7578 for forms, the WHATWG's HTML Standard for how browsers write names: as UTF-8,
 * with `"` and line breaks percent-encoded. Older clients put a backslash before a quote; both are read.
 * Limits: `filename*` is read only where there is no `filename` (RFC 7578, section 4.2, forbids it). A part with a
 * `Content-Transfer-Encoding` that changes it is refused (section 4.7), and so is one that is made of parts (4.3).
 */
import { BadRequest, UnsupportedMediaType } from "./httpError.ts";
import { RequestHeaders } from "./requestHeaders.ts";

/** @internal */
export interface PartHead {
  readonly headers: RequestHeaders;
  /** The field's name; null for a part that is no field of a form. */
  readonly name: string | null;
  /** As it was sent: maybe with folders; null for a part that is no file. */
  readonly filename: string | null;
  /** The media type; `text/plain` without one (RFC 7578, section 4.4). */
  readonly type: string;
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\uffff]*$/;

/**
 * @param text the lines of the head, without the empty one at its end
 * @throws {@link BadRequest} when it is no head of a part
 * @internal
 */
export function parsePartHead(text: string): PartHead {
  const raw: string[] = [];
  for (const line of text === "" ? [] : text.split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    const value = line.slice(colon + 1).trim();
    if (!NAME.test(name) || !VALUE.test(value))
      throw new BadRequest("a part of the body has a line in its head that is no header");
    raw.push(name, value);
  }
  return headOf(new RequestHeaders(raw));
}

function headOf(headers: RequestHeaders): PartHead {
  const type = headers.get("content-type") ?? "text/plain";
  const coding = headers.get("content-transfer-encoding") ?? "binary";
  if (/^multipart\//i.test(type))
    throw new BadRequest("a part of the body is made of parts itself");
  if (!/^(?:binary|7bit|8bit)$/i.test(coding))
    throw new UnsupportedMediaType(`a part of the body has the transfer encoding ${coding}`);
  const dispositions = headers.getAll("content-disposition");
  if (dispositions.length > 1) throw new BadRequest("a part of the body has two dispositions");
  const parameters = parametersOf(dispositions[0] ?? "");
  const extended = parameters.get("filename*");
  const filename =
    parameters.get("filename") ?? (extended === undefined ? null : extendedValue(extended));
  return { headers, name: parameters.get("name") ?? null, filename, type };
}

const PARAMETER = /;\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:"((?:\\"|[^"])*)"|([^\s;"]*))\s*/y;

/** The parameters of a disposition that is `form-data`; none of another. */
function parametersOf(disposition: string): Map<string, string> {
  const found = new Map<string, string>();
  const [type = ""] = disposition.split(";", 1);
  if (type.trim().toLowerCase() !== "form-data") return found;
  let at = type.length;
  PARAMETER.lastIndex = at;
  for (
    let match = PARAMETER.exec(disposition);
    match !== null;
    match = PARAMETER.exec(disposition)
  ) {
    const [whole, key = "", quoted, token] = match;
    const name = key.toLowerCase();
    if (found.has(name)) throw new BadRequest(`a part of the body has two parameters ${name}`);
    found.set(name, quoted === undefined ? (token as string) : unescaped(quoted));
    at += whole.length;
  }
  // What is left over is no parameter: somebody else may read another name there.
  if (!/^[\s;]*$/.test(disposition.slice(at)))
    throw new BadRequest("a part of the body has a disposition that can't be read");
  return found;
}

const ESCAPES: Readonly<Record<string, string>> = { "%22": '"', "%0d": "\r", "%0a": "\n" };

function unescaped(quoted: string): string {
  return quoted
    .replaceAll('\\"', '"')
    .replaceAll(/%(?:22|0d|0a)/gi, (escape) => ESCAPES[escape.toLowerCase()] as string);
}

/** `utf-8''%e2%82%ac.txt` (RFC 8187); null when it's none. */
function extendedValue(text: string): string | null {
  const [, encoded] = /^utf-8'[^']*'(.*)$/i.exec(text) ?? [];
  if (encoded === undefined) return null;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}
