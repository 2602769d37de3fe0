/*
 * Which recorded request a request is.
 *
 * Strategy: parts are compared one by one, so that for a request that was not recorded the closest one
 * can be told, and what differs. Both sides are masked, so no secret is told.
 */
import { inspect, isDeepStrictEqual } from "node:util";
import { outOfRange, wrongType } from "../core/arguments.ts";
import { type RecordedRequest, textOf } from "./cassetteFile.ts";

/** A part of a request that has to be as recorded; `url` is `origin`, `path` and `query`. */
export type CassettePart =
  | "method"
  | "url"
  | "origin"
  | "path"
  | "query"
  | "body"
  | `header:${string}`;

/** What has to be as recorded: parts, or a function that compares two masked requests. */
export type CassetteMatch =
  | readonly CassettePart[]
  | ((request: RecordedRequest, recorded: RecordedRequest) => boolean);

/** How a part of a request looks; equal looks are equal parts. */
type Look = (request: RecordedRequest) => unknown;

const LOOKS: Readonly<Record<string, Look>> = {
  method: ({ method }) => method,
  url: (request) => [originOf(request), pathOf(request), queryOf(request)],
  origin: originOf,
  path: pathOf,
  query: queryOf,
  body: bodyOf,
};

/** Checks the option. @internal */
export function checkedMatch(match: CassetteMatch): CassetteMatch {
  if (typeof match === "function") return match;
  if (!Array.isArray(match)) throw wrongType("options.match", "an array or a function", match);
  for (const part of match as readonly unknown[]) {
    if (typeof part === "string" && (Object.hasOwn(LOOKS, part) || /^header:./.test(part)))
      continue;
    const known = [...Object.keys(LOOKS), "header:NAME"].join(", ");
    throw outOfRange("options.match", `some of ${known}`, part);
  }
  return match;
}

/** The parts in which two requests differ; null where only a function knows. @internal */
export function differences(
  match: CassetteMatch,
  request: RecordedRequest,
  recorded: RecordedRequest,
): readonly string[] {
  if (typeof match === "function") return match(request, recorded) ? [] : ["`match` says no"];
  return match.flatMap((part) => {
    const [got, expected] = [look(part, request), look(part, recorded)];
    if (isDeepStrictEqual(got, expected)) return [];
    return [`${part} ${shown(expected)}, not ${shown(got)}`];
  });
}

function look(part: CassettePart, request: RecordedRequest): unknown {
  if (part.startsWith("header:"))
    return request.headers[part.slice("header:".length).toLowerCase()] ?? null;
  return (LOOKS[part] as Look)(request);
}

/** Text and addresses as they are, for people; cut where they are long. */
function shown(value: unknown): string {
  const text = Array.isArray(value) ? value.join("") : value;
  const whole =
    typeof text === "string" ? text : inspect(text, { breakLength: Infinity, depth: 9 });
  return whole.length > 100 ? `${whole.slice(0, 97)}...` : whole === "" ? "nothing" : whole;
}

function originOf({ url }: RecordedRequest): string {
  return new URL(url).origin;
}

function pathOf({ url }: RecordedRequest): string {
  return new URL(url).pathname;
}

/** Without regard to order. */
function queryOf({ url }: RecordedRequest): string {
  const params = new URL(url).searchParams;
  params.sort();
  return params.size === 0 ? "" : `?${decodeURIComponent(String(params).replaceAll("+", " "))}`;
}

/** JSON by its meaning; a multipart body without its boundary, which is another each time. */
function bodyOf({ body, headers }: RecordedRequest): unknown {
  const text = textOf(body);
  if (text === null) return body;
  const type = String(headers["content-type"] ?? "");
  const boundary = /^multipart\/.*\bboundary="?([^";]+)/i.exec(type)?.[1];
  if (boundary !== undefined) return text.replaceAll(boundary, "boundary");
  try {
    return /\bjson\b/i.test(type) ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}
