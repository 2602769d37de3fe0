/*
 * Problem: what a client is told of an error, whatever the form that it is told in.
 *
 * Rules: RFC 9457 for the members. The text of an error is told only when it was thrown as an answer (`HttpError`) and
 * says that it may be (`expose`): of anything else a client learns that it was a 500, and nothing more.
 * Limits: `type` is left out, which means `about:blank`: the status says it all (RFC 9457, section 4.2.1).
 */
import { STATUS_CODES } from "node:http";
import { HttpError } from "./httpError.ts";

/** @internal */
export interface Problem {
  readonly status: number;
  readonly title: string;
  /** The error's own words, when they are for the client. */
  readonly detail: string | null;
  /** More members for programs: the `details` of the error. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** The members that RFC 9457 gives a meaning. */
const OWN = new Set(["type", "title", "status", "detail", "instance"]);

/** @internal */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof HttpError))
    return { status: 500, title: STATUS_CODES[500] as string, detail: null, members: {} };
  const { status, message, details, expose } = error;
  const title = STATUS_CODES[status] ?? `Status ${status}`;
  return {
    status,
    title,
    detail: expose && message !== "" && message !== title ? message : null,
    members: expose ? membersOf(details) : {},
  };
}

/** An object's members stand beside the others (section 3.2); anything else is the member `details`. */
function membersOf(details: unknown): Record<string, unknown> {
  if (details === undefined) return {};
  if (typeof details !== "object" || details === null || Array.isArray(details)) return { details };
  return Object.fromEntries(Object.entries(details).filter(([name]) => !OWN.has(name)));
}

/** The problem as JSON. @internal */
export function problemJson(problem: Problem, more: Readonly<Record<string, unknown>>): string {
  const { status, title, detail, members } = problem;
  const known = { title, status, ...(detail === null ? {} : { detail }) };
  try {
    return JSON.stringify({ ...known, ...members, ...more });
  } catch {
    // Details that JSON can't hold must not make another error of this one.
    return JSON.stringify({ ...known, ...more });
  }
}

const HINTS: Readonly<Record<number, string>> = {
  400: "The server could not make sense of this request.",
  401: "You need to say who you are to see this.",
  403: "You are not allowed to see this.",
  404: "There is nothing at this address.",
  405: "This address does not answer this kind of request.",
  406: "This is not available in any form that you accept.",
  408: "The request took too long to arrive.",
  409: "This does not fit the state that things are in.",
  410: "What was at this address is gone, and will not come back.",
  413: "What was sent is too large.",
  414: "The address is too long.",
  415: "What was sent is in a form that is not understood here.",
  422: "What was sent is not right.",
  429: "That was a lot of requests. Wait a moment, then try again.",
  431: "The headers of the request are too large.",
  500: "Something went wrong on this side. It is not your fault.",
  502: "A server behind this one gave no good answer.",
  503: "This is not available right now. Try again in a moment.",
  504: "A server behind this one did not answer in time.",
};

/** A sentence for a person who meets that status. @internal */
export function hintFor(status: number): string {
  const general = status < 500 ? "This request can't be answered." : HINTS[500];
  return HINTS[status] ?? (general as string);
}
