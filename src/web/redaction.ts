/*
 * What of a request may be shown: everything but what lets somebody in.
 *
 * By names: headers and parameters of the query that hold credentials by their specification, or whose name says so.
 * What stands in a path is shown.
 */

const SECRET_HEADERS = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
  "x-amz-security-token",
]);
const SECRET_WORDS =
  /(^|[^a-z])(auth|code|credential|csrf|jwt|key|pass|passwd|password|pwd|secret|session|sid|sig|signature|token|xsrf)s?([^a-z]|$)/;

/** What stands in the place of a secret. @internal */
export const REDACTED = "[redacted]";

/** The headers as they were sent, flat, with the values of secret ones replaced. @internal */
export function redactedHeaders(raw: readonly string[]): [string, string][] {
  const shown: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    shown.push([name, isSecretHeader(name) ? REDACTED : (raw[at + 1] as string)]);
  }
  return shown;
}

/** A request target whose query shows no secrets. @internal */
export function redactedTarget(target: string): string {
  const [path = "", query] = target.split(/\?(.*)/s);
  if (query === undefined) return target;
  const shown = query.split("&").map((pair) => {
    const [name = "", value] = pair.split(/=(.*)/s);
    return value === undefined || !hasSecretWord(plainName(name)) ? pair : `${name}=${REDACTED}`;
  });
  return `${path}?${shown.join("&")}`;
}

function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name.toLowerCase()) || hasSecretWord(name);
}

/** `apiKey`, `api_key` and `X-Api-Key` are the same words. */
function hasSecretWord(name: string): boolean {
  return SECRET_WORDS.test(name.replaceAll(/([a-z])([A-Z])/g, "$1-$2").toLowerCase());
}

function plainName(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll("+", " "));
  } catch {
    return encoded;
  }
}
