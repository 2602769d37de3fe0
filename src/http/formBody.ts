/*
 * An urlencoded form: what a browser sends for one without files (WHATWG URL, 5.2).
 */
import { BufferedBody } from "./bufferedBody.ts";
import { appendTo, type NamedValues } from "./namedValues.ts";
import type { RequestBody } from "./requestBody.ts";

/** @internal */
export function formBody(parameter: string, input: NamedValues): RequestBody {
  const fields = new URLSearchParams();
  appendTo(fields, parameter, input);
  return new BufferedBody(fields.toString(), "application/x-www-form-urlencoded;charset=UTF-8");
}
