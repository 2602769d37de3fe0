/*
 * Cookies in files: JSON of our own, which keeps all of a cookie, and the format of Netscape's
 * `cookies.txt`, which curl, wget and browsers' exports share.
 *
 * Strategy: what a file is, is told by its first character. A file that is wrong anywhere is refused
 * as a whole, by place; values are secrets, so no error has one. A line of Netscape's that curl would
 * skip is skipped. That format has bytes, so it is read and written as Latin-1, as headers are.
 */
import { readFileSync } from "node:fs";
import { outOfRange } from "../core/arguments.ts";
import { Cookie, type CookieFields, isSendable } from "./cookie.ts";
import { replaceFile } from "./replaceFile.ts";

/** How cookies are written. */
export type CookieFileFormat = "json" | "netscape";

/** For its owner's eyes only. */
const MODE = 0o600;

/** @internal */
export function writeCookieFile(
  path: string,
  cookies: readonly Cookie[],
  format: CookieFileFormat,
): void {
  if (format === "json") replaceFile(path, toJson(cookies), MODE);
  else if (format === "netscape")
    replaceFile(path, Buffer.from(toNetscape(cookies), "latin1"), MODE);
  else throw outOfRange("options.format", '"json" or "netscape"', format);
}

/** @internal */
export function readCookieFile(path: string): Cookie[] {
  const bytes = readFileSync(path);
  const text = bytes.toString("latin1");
  return text.trimStart().startsWith("{")
    ? fromJson(path, bytes.toString("utf8"))
    : fromNetscape(path, text);
}

function broken(path: string, where: string, words: string): SyntaxError {
  return new SyntaxError(`cannot load cookies from ${path}: ${where} ${words}`);
}

/** @internal */
export function toJson(cookies: readonly Cookie[]): string {
  const list = cookies.map(({ expires, ...rest }) => ({
    ...rest,
    expires: expires === null ? null : new Date(expires).toISOString(),
  }));
  return `${JSON.stringify({ version: 1, cookies: list }, null, 2)}\n`;
}

/** @internal */
export function fromJson(path: string, text: string): Cookie[] {
  const content = parsed(path, text);
  if (content?.version !== 1 || !Array.isArray(content.cookies))
    throw broken(path, "it", "is not a file that a jar saved (version 1)");
  return content.cookies.map((each: unknown, index) => {
    const fields = fieldsOf(each);
    if (fields === null) throw broken(path, `cookie ${index + 1}`, "is not whole");
    return new Cookie(fields);
  });
}

function parsed(path: string, text: string): { version?: unknown; cookies?: unknown[] } | null {
  try {
    return JSON.parse(text) as never;
  } catch {
    // The error of JSON.parse has a piece of the text, which may be a value.
    throw broken(path, "it", "is neither JSON nor a cookies.txt");
  }
}

function fieldsOf(input: unknown): CookieFields | null {
  if (typeof input !== "object" || input === null) return null;
  const { name, value, domain, hostOnly, path, secure, httpOnly, sameSite, expires } =
    input as Record<string, unknown>;
  const texts = [name, value, domain, path].every((each) => typeof each === "string");
  const flags = [hostOnly, secure, httpOnly].every((each) => typeof each === "boolean");
  const until = expires === null ? null : typeof expires === "string" ? Date.parse(expires) : NaN;
  const known = sameSite === null || ["strict", "lax", "none"].includes(sameSite as string);
  if (!texts || !flags || !known || Number.isNaN(until)) return null;
  const fields = { ...(input as CookieFields), expires: until };
  return isSendable(fields.name, fields.value) && fields.path.startsWith("/") ? fields : null;
}

const HTTP_ONLY = "#HttpOnly_";
const HEADER = "# Netscape HTTP Cookie File\n# Written by Ambit; curl -b and -c use the same.\n\n";

/** @internal */
export function toNetscape(cookies: readonly Cookie[]): string {
  return (
    HEADER +
    cookies
      .filter(({ domain }) => domain !== "")
      .map(toLine)
      .join("")
  );
}

function toLine({
  name,
  value,
  domain,
  hostOnly,
  path,
  secure,
  httpOnly,
  expires,
}: Cookie): string {
  const fields = [
    `${httpOnly ? HTTP_ONLY : ""}${hostOnly ? "" : "."}${domain}`,
    hostOnly ? "FALSE" : "TRUE",
    path,
    secure ? "TRUE" : "FALSE",
    // 0 is how the format says "until the end of the session".
    expires === null ? "0" : String(Math.max(1, Math.floor(expires / 1000))),
    name,
    value,
  ];
  return `${fields.join("\t")}\n`;
}

/** @internal */
export function fromNetscape(path: string, text: string): Cookie[] {
  const cookies: Cookie[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || (line.startsWith("#") && !line.startsWith(HTTP_ONLY))) continue;
    const cookie = fromLine(line);
    if (cookie === null)
      throw broken(
        path,
        `line ${index + 1}`,
        "is not a cookie: 7 fields between tabs, as curl has",
      );
    cookies.push(cookie);
  }
  return cookies;
}

function fromLine(line: string): Cookie | null {
  const httpOnly = line.startsWith(HTTP_ONLY);
  const fields = (httpOnly ? line.slice(HTTP_ONLY.length) : line).split("\t");
  const [domain = "", below = "", path = "", secure = "", expires = "", name, value = ""] = fields;
  if (fields.length > 7 || name === undefined || !isSendable(name, value)) return null;
  if (domain === "" || !path.startsWith("/") || !/^\d{1,13}$/.test(expires)) return null;
  return new Cookie({
    name,
    value,
    domain: domain.toLowerCase().replace(/^\./, ""),
    hostOnly: below.toUpperCase() !== "TRUE",
    path,
    secure: secure.toUpperCase() === "TRUE",
    httpOnly,
    sameSite: null,
    expires: expires === "0" ? null : Number(expires) * 1000,
  });
}
