/*
 * Error pages: what an error becomes when nobody has answered it otherwise.
 *
 * Strategy: told as the client can read it. Who names HTML in `Accept` gets a page, as browsers do; who names JSON, or is
 * a program by other signs, gets a problem (RFC 9457); all others, a curl and whoever accepts anything, get a few lines
 * of text. A client that accepts none of the three gets text too: an error is worth more than a form (RFC 9110, section
 * 12.1). In debug mode each of them tells all that is known of the error; else nothing that was not meant for the client.
 */
import { formatTaskTree } from "../core/taskTree.ts";
import { developerPage, type Page, type RequestReport, visitorPage } from "./errorHtml.ts";
import { type ErrorReport, reportsOf } from "./errorReport.ts";
import { HttpError } from "./httpError.ts";
import { chosenType } from "./negotiation.ts";
import { hintFor, type Problem, problemJson, problemOf } from "./problem.ts";
import { redactedHeaders, redactedTarget } from "./redaction.ts";
import { Reply } from "./reply.ts";
import { ReplyHeaders } from "./replyHeaders.ts";
import type { ServerRequest } from "./request.ts";

/** How an error is told. */
export interface ErrorReplyOptions {
  /** Whether the answer tells all that is known of the error: never where strangers see it. Default: false. */
  readonly debug?: boolean;
}

/** Any request, whatever its types. */
type AnyRequest = ServerRequest<unknown, unknown, unknown, unknown>;

const PROBLEM = "application/problem+json";
const JSON_TYPE = "application/json";
const HTML = "text/html";
const TEXT = "text/plain";
/** Of one weight, the first: a client that names JSON is a program. */
const FORMS = [PROBLEM, JSON_TYPE, HTML, TEXT] as const;
type Form = (typeof FORMS)[number];

const MOST_TREE_LINES = 200;
/** Headers that are about the body which an error did not come with. */
const NOT_OURS = new Set([
  "content-type",
  "content-length",
  "content-encoding",
  "transfer-encoding",
]);

/**
 * The answer that an error becomes: an HTML page, a problem (RFC 9457) or text, by `Accept`. Never throws.
 *
 * An application does this by itself for what nobody has answered; it is for programs that answer in their own handler
 * of exceptions, and fall back on this.
 *
 * The status is that of an {@link HttpError}, else 500. Without `debug` the text of an error is told only when it was
 * meant for the client (`expose`).
 *
 * @param request null when there is none that could be read: the answer is text then
 *
 * @example
 * ```ts
 * import { errorReply, NotFound } from "ambit/web";
 *
 * const reply = errorReply(new NotFound("no user 7"), null);
 * reply.status; // => 404
 * reply.body; // => "404 Not Found\n\nno user 7\n"
 * ```
 */
export function errorReply(
  error: unknown,
  request: AnyRequest | null,
  options: ErrorReplyOptions = {},
): Reply {
  const problem = problemOf(error);
  const reply = replyFor(error, problem, request, options.debug ?? false);
  reply.status = problem.status;
  if (request !== null) reply.headers.vary("Accept");
  reply.headers.set("x-content-type-options", "nosniff");
  if (problem.status >= 500 || options.debug === true)
    reply.headers.set("cache-control", "no-store");
  if (error instanceof HttpError) addHeaders(reply, error);
  return reply;
}

function replyFor(
  error: unknown,
  problem: Problem,
  request: AnyRequest | null,
  debug: boolean,
): Reply {
  const form = request === null ? TEXT : formFor(request);
  const id = request?.ownReplyHeaders?.get("x-request-id") ?? null;
  if (debug) {
    try {
      return debugReply(form, problem, reportsOf(error), request);
    } catch {
      // Something of the error throws when it's looked at: it is still an error to tell of.
    }
  }
  if (form === HTML) return pageReply(visitorPage(problem, id));
  if (form === TEXT) return textReply(visitorText(problem, id));
  return jsonReply(form, problemJson(problem, id === null ? {} : { requestId: id }));
}

/** The form that the client can read best. */
function formFor(request: AnyRequest): Form {
  const choice = chosenType(request.headers.get("accept"), FORMS);
  if (choice === null) return TEXT;
  if (choice.closeness > 0) return choice.value;
  return isProgram(request) ? PROBLEM : TEXT;
}

/** Whether a client that accepts anything is a program that reads JSON: it sent some, or is a script's `fetch`. */
function isProgram(request: AnyRequest): boolean {
  const { headers } = request;
  if (/^application\/(?:[^\s;]+\+)?json\b/i.test(headers.get("content-type") ?? "")) return true;
  return /^(cors|same-origin)$/.test(headers.get("sec-fetch-mode") ?? "");
}

function debugReply(
  form: Form,
  problem: Problem,
  reports: readonly ErrorReport[],
  request: AnyRequest | null,
): Reply {
  const tree = treeText();
  if (form === HTML)
    return pageReply(
      developerPage(problem, reports, request === null ? null : requestReport(request), tree),
    );
  if (form === TEXT) return textReply(developerText(problem, reports, tree));
  const debug = reports.map(({ relation, name, message, stack }) => ({
    ...(relation === "" ? {} : { relation }),
    name,
    message,
    stack: stack.split("\n"),
  }));
  return jsonReply(form, problemJson(problem, { debug }));
}

function requestReport(request: AnyRequest): RequestReport {
  const { exchange, route } = request;
  const facts: [string, string][] = [
    ["route", route === null ? "none" : `${route.method} ${route.path}`],
    ...Object.entries(request.params as object).map(([name, value]): [string, string] => [
      `:${name}`,
      String(value),
    ]),
    ["from", exchange.peer.address === "" ? "no address" : exchange.peer.address],
  ];
  return {
    line: `${request.method} ${redactedTarget(exchange.target)} HTTP/${request.httpVersion}`,
    facts,
    headers: redactedHeaders(request.headers.raw),
  };
}

function treeText(): string {
  const lines = formatTaskTree().split("\n");
  const more = lines.length - MOST_TREE_LINES;
  if (more <= 0) return lines.join("\n");
  return [...lines.slice(0, MOST_TREE_LINES), `… and ${more} more lines`].join("\n");
}

function visitorText(problem: Problem, id: string | null): string {
  const { status, title, detail, members } = problem;
  const lines = [`${status} ${title}`, "", detail ?? hintFor(status)];
  const { issues } = members as { issues?: unknown };
  if (Array.isArray(issues))
    for (const { path, message } of issues as { path: unknown; message: unknown }[])
      lines.push(`  ${String(path)}: ${String(message)}`);
  if (id !== null) lines.push("", `Reference: ${id}`);
  return `${lines.join("\n")}\n`;
}

function developerText(problem: Problem, reports: readonly ErrorReport[], tree: string): string {
  const errors = reports.map(({ relation, name, message, frames, stack }) =>
    [
      `${relation === "" ? "" : `${relation} `}${name}: ${message}`,
      ...frames.map((frame) => `  ${frame}`),
      "",
      stack,
    ].join("\n"),
  );
  return `${[`${problem.status} ${problem.title}`, ...errors, tree].join("\n\n")}\n`;
}

function pageReply({ html, policy }: Page): Reply {
  const reply = new Reply(html, { type: "text/html; charset=utf-8" });
  reply.headers.set("content-security-policy", policy);
  return reply;
}

function textReply(body: string): Reply {
  return new Reply(body, { type: "text/plain; charset=utf-8" });
}

function jsonReply(type: string, body: string): Reply {
  return new Reply(`${body}\n`, { type });
}

/** What the error asks for; a header that HTTP can't carry must not make another error of this one. */
function addHeaders(reply: Reply, error: HttpError): void {
  if (error.headers === undefined) return;
  try {
    for (const [name, value] of new ReplyHeaders(error.headers)) {
      if (NOT_OURS.has(name.toLowerCase())) continue;
      if (name.toLowerCase() === "cache-control") reply.headers.delete(name);
      reply.headers.append(name, value);
    }
  } catch {
    // It was left out as a whole.
  }
}
