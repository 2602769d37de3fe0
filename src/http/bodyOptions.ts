/*
 * The options of a request that make its body.
 */
import { expectFunction } from "../core/arguments.ts";
import { type BodyInput, bodyOf } from "./bodyInput.ts";
import { compressedBody, type Compression } from "./compressedBody.ts";
import { formBody } from "./formBody.ts";
import { jsonBody, type JsonSerializer } from "./jsonBody.ts";
import type { NamedValues } from "./namedValues.ts";
import type { RequestBody } from "./requestBody.ts";
import { type OnUpload, reportedBody } from "./uploadProgress.ts";

/** What of a request's options makes its body: one of `body`, `json` and `form`, and how it is sent. */
export interface BodyOptions {
  /**
   * Text (UTF-8), bytes, a Blob, `URLSearchParams`, `FormData`, a {@link Multipart}, a file ({@link
   * fileBody}), a stream of Node's or of the web, an async iterable of text or bytes, or a function
   * that gives one of the last three.
   */
  readonly body?: BodyInput | null;
  /** Sent as JSON, with that content-type. `null` is a value of JSON; undefined is no body. */
  readonly json?: unknown;
  /** Sent as an urlencoded form, with that content-type. */
  readonly form?: NamedValues;
  /** Writes `json`, in place of `JSON.stringify`. */
  readonly jsonSerializer?: JsonSerializer;
  /** Compresses the body, and says so in its content-encoding. */
  readonly compress?: Compression;
  /**
   * Called when the connection has taken a piece of the body, at most once per piece, in the
   * requesting task's context. What it throws fails the request.
   */
  readonly onUpload?: OnUpload;
}

/** The body that the options ask for, or null. @internal */
export function requestBodyOf(options: BodyOptions): RequestBody | null {
  const { compress, onUpload } = options;
  let body = contentOf(options);
  if (body === null) return null;
  if (compress !== undefined) body = compressedBody(body, compress);
  if (onUpload !== undefined) body = reportedBody(body, onUpload);
  return body;
}

function contentOf({ body, json, form, jsonSerializer }: BodyOptions): RequestBody | null {
  if (json === undefined && form === undefined)
    return body === undefined || body === null ? null : bodyOf("options.body", body);
  const given = [body ?? undefined, json, form].filter((option) => option !== undefined);
  if (given.length > 1)
    throw new TypeError(
      "Expected one of `options.body`, `options.json` and `options.form`, got more",
    );
  if (form !== undefined) return formBody("options.form", form);
  if (jsonSerializer !== undefined) expectFunction("options.jsonSerializer", jsonSerializer);
  return jsonBody(json, jsonSerializer);
}
