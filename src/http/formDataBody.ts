/*
 * A WHATWG FormData as a body, written out as browsers do (HTML, "multipart/form-data encoding
 * algorithm"): line breaks in names and values become CRLF, those in file names are escaped as they
 * are.
 */
import { BufferedBody } from "./bufferedBody.ts";
import { blobBody } from "./blobBody.ts";
import { MultipartBody, type Part } from "./multipartBody.ts";
import { randomBoundary } from "./multipartBoundary.ts";
import { partHead } from "./multipartHead.ts";
import type { RequestBody } from "./requestBody.ts";

/** FormData of the platform, or of the npm package undici. @internal */
export function isFormData(value: unknown): value is FormData {
  return Object.prototype.toString.call(value) === "[object FormData]";
}

/** @internal */
export function formDataBody(form: FormData): RequestBody {
  const parts = Array.from(form, ([name, value]) => partOf(withCrLf(name), value));
  return new MultipartBody("form-data", randomBoundary(), parts);
}

function partOf(name: string, value: string | File): Part {
  if (typeof value === "string") {
    const content = new BufferedBody(withCrLf(value), null);
    return { head: partHead(name, content, {}), content };
  }
  const content = blobBody(value, "application/octet-stream");
  return { head: partHead(name, content, { filename: value.name }), content };
}

function withCrLf(text: string): string {
  return text.replace(/\r\n|\r|\n/g, "\r\n");
}
