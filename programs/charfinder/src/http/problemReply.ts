/*
 * Errors as programs read them: problem+json (RFC 9457), whatever they accept, for who asks an API for JSON gets JSON.
 */
import { STATUS_CODES } from "node:http";

import { type HttpError, json, type Reply } from "ambit/web";

/** The error as a problem; its `details` are members of it. */
export function problemReply({ status, message, expose, details, headers }: HttpError): Reply {
  const title = STATUS_CODES[status];
  const problem = { title, status, ...(expose && { detail: message }), ...(details as object) };
  const reply = json(problem, { status, type: "application/problem+json" });
  if (headers !== undefined) reply.headers.addAll(headers);
  return reply;
}
