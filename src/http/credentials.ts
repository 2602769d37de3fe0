/*
 * What a hop says about who it is from: cookies and authorization.
 *
 * They are put on a copy of the request, after the middlewares, so that the next hop does not inherit
 * what was chosen for this one. What the caller gave for this call (its `auth`, its `cookies`) stays
 * with the origin that was addressed; the session's jar and its netrc go by the URL.
 */
import type { Auth } from "./fixedAuth.ts";
import type { ClientRequest } from "./clientRequest.ts";
import { type CookiePairs, NO_COOKIES, type SessionCookies } from "./sessionCookies.ts";

/** Who a call is from. @internal */
export interface Credentials {
  readonly cookies: SessionCookies | null;
  readonly ownCookies: CookiePairs;
  readonly auth: Auth | null;
  readonly netrc: Auth | null;
}

/**
 * The request with its credentials; `home` tells that it goes to the origin that the call was for,
 * and that it was never elsewhere.
 * @internal
 */
export async function withCredentials(
  request: ClientRequest,
  credentials: Credentials,
  home: boolean,
): Promise<ClientRequest> {
  const sent = request.clone();
  addCookies(sent, credentials, home);
  const authorization = await authorizationFor(sent, credentials, home);
  if (authorization !== null) sent.headers.set("authorization", authorization);
  return sent;
}

function addCookies(
  { url, headers }: ClientRequest,
  { cookies, ownCookies }: Credentials,
  home: boolean,
): void {
  const own = home ? ownCookies : NO_COOKIES;
  const header = cookies?.header(url, headers.get("cookie"), own) ?? "";
  if (header !== "") headers.set("cookie", header);
}

/** What is to be set; null when the header is there already, or nobody has one. */
async function authorizationFor(
  { url, headers }: ClientRequest,
  { auth, netrc }: Credentials,
  home: boolean,
): Promise<string | null> {
  if (headers.has("authorization") || url.username + url.password !== "") return null;
  const own = home && auth !== null ? await auth.authorization(url) : null;
  return own ?? (await netrc?.authorization(url)) ?? null;
}
