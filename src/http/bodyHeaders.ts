/*
 * The headers that a body brings, and what the caller's own headers may say of it.
 *
 * The caller's content-type wins, the length is the body's: a wrong one would cut the connection in
 * the middle of the next request (RFC 9112, 6.3), so it is refused before anything is sent.
 */
import { type HeaderList, hasHeader } from "./headers.ts";
import type { RequestBody } from "./requestBody.ts";

/**
 * The headers with those that the body brings.
 *
 * @throws TypeError when the headers contradict the body
 * @internal
 */
export function withBodyHeaders(list: HeaderList, body: RequestBody | null): HeaderList {
  checkLength(list, body);
  if (body === null) return list;
  const { contentType, contentEncoding = null } = body;
  const added: string[] = [];
  if (contentType !== null) {
    const own = headerValue(list, "content-type");
    if (own === null) added.push("content-type", contentType);
    else checkMultipart(own, contentType);
  }
  if (contentEncoding !== null) {
    if (hasHeader(list, "content-encoding"))
      throw new TypeError(
        "The headers have a content-encoding, and so has the body: leave out the header, or `compress`",
      );
    added.push("content-encoding", contentEncoding);
  }
  return added.length === 0 ? list : list.concat(added);
}

/** Every reader of a multipart body needs the boundary that it was made with. */
function checkMultipart(own: string, contentType: string): void {
  if (!contentType.startsWith("multipart/")) return;
  const boundary = contentType.slice(contentType.indexOf("boundary="));
  if (own.includes(boundary)) return;
  throw new TypeError(
    `The headers say content-type ${own}, but the body is multipart, and its boundary is not in there: leave out the header`,
  );
}

function checkLength(list: HeaderList, body: RequestBody | null): void {
  const said = headerValue(list, "content-length");
  if (said === null) return;
  if (!/^\d+$/.test(said))
    throw new TypeError(`Expected content-length to be a number of bytes, got \`${said}\``);
  const length = body === null ? 0 : body.length;
  if (length === null || length === Number(said)) return;
  throw new TypeError(
    `The headers say content-length ${said}, but the body has ${length} bytes: leave out the header`,
  );
}

/** How many bytes the body has, by itself or by the headers that go with it; null if nobody knows. @internal */
export function announcedLength(list: HeaderList, body: RequestBody): number | null {
  if (body.length !== null) return body.length;
  const said = headerValue(list, "content-length");
  return said === null ? null : Number(said);
}

function headerValue(list: HeaderList, name: string): string | null {
  for (let i = 0; i < list.length; i += 2) if (list[i] === name) return list[i + 1] as string;
  return null;
}
