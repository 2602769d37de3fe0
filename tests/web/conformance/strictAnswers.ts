/*
 * Answers read out of bytes as strictly as RFC 9112 writes them: a client that forgives would hide what a server does
 * wrong. Whatever is not by the rules throws, with the rule.
 *
 * Strategy: one pass over text in which each character is a byte (latin1). `null` says that more bytes are needed.
 */

export interface Answer {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** By name in lower case; several of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly trailers: Readonly<Record<string, string>>;
  /** Whether the body ends where the connection does. */
  readonly untilClose: boolean;
}

/** A piece of the input and where the next begins. */
interface Read<T> {
  readonly value: T;
  readonly next: number;
}

const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

/**
 * The answer that begins at `from`; null when it isn't whole yet.
 * @param method of the request that it answers
 * @param closed whether no more bytes will come
 */
export function readAnswer(
  bytes: string,
  from: number,
  method: string,
  closed: boolean,
): Read<Answer> | null {
  const head = readHead(bytes, from);
  if (head === null) return null;
  const { version, status, reason, headers } = head.value;
  checkHeaders(status, headers);
  const whole = (body: string, trailers = {}, untilClose = false): Answer => ({
    version,
    status,
    reason,
    headers,
    body,
    trailers,
    untilClose,
  });
  const informs = status < 200;
  if (informs || method === "HEAD" || status === 204 || status === 304)
    return { value: whole(""), next: head.next };
  if ("transfer-encoding" in headers) {
    const body = readChunks(bytes, head.next);
    return body && { value: whole(body.value.data, body.value.trailers), next: body.next };
  }
  const length = headers["content-length"];
  if (length !== undefined) {
    const next = head.next + Number(length);
    if (next > bytes.length) return null;
    return { value: whole(bytes.slice(head.next, next)), next };
  }
  if (headers["connection"]?.toLowerCase() !== "close")
    throw new Error("RFC 9112, 6.3: a body without a length on a connection that is kept");
  return closed ? { value: whole(bytes.slice(head.next), {}, true), next: bytes.length } : null;
}

interface Head {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
}

function readHead(bytes: string, from: number): Read<Head> | null {
  const end = bytes.indexOf("\r\n\r\n", from);
  if (end === -1) return null;
  const [first = "", ...lines] = bytes.slice(from, end).split("\r\n");
  const match = /^HTTP\/(1\.1) ([1-5]\d\d) ([\t\x20-\x7e\x80-\xff]*)$/.exec(first);
  if (match === null) throw new Error(`RFC 9112, 4: no status line: ${JSON.stringify(first)}`);
  const [, version = "", status = "", reason = ""] = match;
  const value = { version, status: Number(status), reason, headers: fieldsOf(lines) };
  return { value, next: end + 4 };
}

function fieldsOf(lines: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value = ""] = FIELD.exec(line) ?? [];
    if (name === undefined) throw new Error(`RFC 9112, 5: no field: ${JSON.stringify(line)}`);
    const key = name.toLowerCase();
    fields[key] = fields[key] === undefined ? value : `${fields[key]}, ${value}`;
  }
  return fields;
}

/** What no answer of that status may have, or must have. */
function checkHeaders(status: number, headers: Readonly<Record<string, string>>): void {
  const length = headers["content-length"];
  const coding = headers["transfer-encoding"];
  const bodiless = status < 200 || status === 204;
  if (bodiless && coding !== undefined)
    throw new Error(`RFC 9112, 6.1: Transfer-Encoding in a ${status}`);
  if (bodiless && length !== undefined)
    throw new Error(`RFC 9110, 8.6: Content-Length in a ${status}`);
  if (length !== undefined && coding !== undefined)
    throw new Error("RFC 9112, 6.2: Content-Length and Transfer-Encoding");
  if (length !== undefined && !/^\d+$/.test(length))
    throw new Error(`RFC 9110, 8.6: Content-Length ${length}`);
  if (coding !== undefined && coding !== "chunked")
    throw new Error(`RFC 9112, 6.1: Transfer-Encoding ${coding}`);
  if (status >= 200 && status < 500 && !isDate(headers["date"]))
    throw new Error(`RFC 9110, 6.6.1: no Date in a ${status}`);
  if (status === 405 && headers["allow"] === undefined)
    throw new Error("RFC 9110, 15.5.6: no Allow in a 405");
  if (status === 426 && headers["upgrade"] === undefined)
    throw new Error("RFC 9110, 15.5.22: no Upgrade in a 426");
}

function isDate(value: string | undefined): boolean {
  return value !== undefined && new Date(value).toUTCString() === value;
}

interface Body {
  readonly data: string;
  readonly trailers: Record<string, string>;
}

function readChunks(bytes: string, from: number): Read<Body> | null {
  let data = "";
  for (let at = from; ;) {
    const end = bytes.indexOf("\r\n", at);
    if (end === -1) return null;
    const size = bytes.slice(at, end);
    if (!/^[0-9a-f]+$/i.test(size))
      throw new Error(`RFC 9112, 7.1: chunk size ${JSON.stringify(size)}`);
    const length = Number.parseInt(size, 16);
    if (length === 0) return readTrailers(bytes, end + 2, data);
    const next = end + 2 + length;
    if (bytes.length < next + 2) return null;
    if (bytes.slice(next, next + 2) !== "\r\n")
      throw new Error("RFC 9112, 7.1: no CRLF behind a chunk");
    data += bytes.slice(end + 2, next);
    at = next + 2;
  }
}

function readTrailers(bytes: string, from: number, data: string): Read<Body> | null {
  if (bytes.slice(from, from + 2) === "\r\n")
    return { value: { data, trailers: {} }, next: from + 2 };
  const end = bytes.indexOf("\r\n\r\n", from);
  if (end === -1) return null;
  const trailers = fieldsOf(bytes.slice(from, end).split("\r\n"));
  return { value: { data, trailers }, next: end + 4 };
}
