/*
 * What a redirect asks for: the next request, by the rules of RFC 9110 (15.4) and of WHATWG's fetch
 * where that is stricter.
 *
 * Pure: it decides; attempt.ts sends. Credentials stay with their origin: whatever the caller set as
 * Authorization, Cookie or Proxy-Authorization is dropped when scheme, host or port change, also from
 * http to https. (Cookies of a jar, and a session's own authentication, are chosen anew per hop.)
 */
import { ClientRequest } from "./clientRequest.ts";
import { withoutDotSegments } from "./dotSegments.ts";
import { RedirectUrlError } from "./redirectErrors.ts";
import { RequestBodyError } from "./requestBodyError.ts";
import type { ClientResponse } from "./response.ts";

const CREDENTIALS = ["authorization", "cookie", "proxy-authorization"];
/** What describes a body (fetch's "request-body-header names", and what goes with them). */
const OF_BODY = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-type",
  "expect",
];

/** Whether a status redirects to where `location` says. @internal */
export function isRedirect(status: number): boolean {
  return (status >= 301 && status <= 303) || status === 307 || status === 308;
}

/**
 * The request that the answer to `request` asks for; null when it is no redirect, or does not say
 * where to.
 *
 * @throws RedirectUrlError when its `location` is no http or https URL
 * @throws RequestBodyError when the body has to be sent again and cannot be
 * @internal
 */
export function redirected(request: ClientRequest, response: ClientResponse): ClientRequest | null {
  if (!isRedirect(response.status)) return null;
  const location = response.headers.get("location");
  if (location === null) return null;
  // A middleware may have sent the request elsewhere: what counts is where the answer came from.
  const from = new URL(response.url);
  const to = resolved(request, location, from);
  if (to.hash === "") to.hash = request.url.hash;
  const next = new ClientRequest(
    request.method,
    to,
    new Headers(request.headers),
    request.body,
    request.attempt,
    request.hop + 1,
  );
  if (losesBody(response.status, request.method)) dropBody(next);
  else if (next.body?.replayable === false) throw notReplayable(request, response.status);
  if (to.origin !== from.origin) for (const name of CREDENTIALS) next.headers.delete(name);
  return next;
}

/** 303 is always a GET; 301 and 302 make one of a POST, as browsers have ever done. */
function losesBody(status: number, method: string): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return status < 303 && method === "POST";
}

function dropBody(request: ClientRequest): void {
  request.method = "GET";
  request.body = null;
  for (const name of OF_BODY) request.headers.delete(name);
}

function resolved({ method, attempt }: ClientRequest, location: string, from: URL): URL {
  const to = parsed(location, from);
  if (to?.protocol === "http:" || to?.protocol === "https:") return to;
  const subject = { method, url: location, attempt };
  const why = to === null ? "not a valid URL" : `\`${to.protocol}\` is not http: or https:`;
  throw new RedirectUrlError(subject, `the server redirects here: ${why}`);
}

function parsed(location: string, from: URL): URL | null {
  try {
    return withoutDotSegments(new URL(location, from));
  } catch {
    return null;
  }
}

function notReplayable({ method, url, attempt }: ClientRequest, status: number): RequestBodyError {
  const subject = { method, url: url.href, attempt };
  const words = `its body cannot be sent again, as the redirect (${status}) asks: give bytes, or set \`redirects: false\``;
  return new RequestBodyError(subject, words, 0);
}
