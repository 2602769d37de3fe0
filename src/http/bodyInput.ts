/*
 * What may be handed in as a body, and which kind of body each becomes.
 */
import { inspect } from "node:util";
import { wrongType } from "../core/arguments.ts";
import { blobBody } from "./blobBody.ts";
import { BufferedBody, viewOf } from "./bufferedBody.ts";
import { formBody } from "./formBody.ts";
import { formDataBody, isFormData } from "./formDataBody.ts";
import type { RequestBody } from "./requestBody.ts";
import { type ChunkSource, isChunkSource, streamBody } from "./streamBody.ts";

/**
 * A body: text (UTF-8), bytes, a Blob, a form, a stream of Node's or of the web, an async iterable of
 * text or bytes, a function that gives one of the last three, or what `fileBody`, `streamBody` and
 * `Multipart` make.
 */
export type BodyInput =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | URLSearchParams
  | FormData
  | ChunkSource
  | (() => ChunkSource)
  | RequestBody;

/** @internal */
export function bodyOf(parameter: string, input: BodyInput): RequestBody {
  if (typeof input === "string") return new BufferedBody(input, "text/plain;charset=UTF-8");
  if (typeof input === "function") return streamBody(input);
  if (typeof input !== "object" || input === null) throw refused(parameter, input);
  const bytes = viewOf(input);
  if (bytes !== null) return new BufferedBody(bytes, null);
  if (isRequestBody(input)) return input;
  if (input instanceof URLSearchParams) return formBody(parameter, input);
  if (input instanceof Blob) return blobBody(input, null);
  if (isFormData(input)) return formDataBody(input);
  if (isChunkSource(input)) return streamBody(input);
  throw refused(parameter, input);
}

function isRequestBody(input: object): input is RequestBody {
  return "open" in input && typeof input.open === "function" && "replayable" in input;
}

function refused(parameter: string, input: unknown): TypeError {
  const expected = "text, bytes, a Blob, a form, a stream or an async iterable";
  if (!isPlain(input)) return wrongType(parameter, expected, input);
  const shown = inspect(input, { depth: 0, breakLength: Infinity });
  const short = shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
  return new TypeError(
    `Expected \`${parameter}\` to be ${expected}, got \`${short}\` (object): to send it as JSON or as a form, use the option \`json\` or \`form\``,
  );
}

function isPlain(input: unknown): boolean {
  if (typeof input !== "object" || input === null) return false;
  const prototype: unknown = Object.getPrototypeOf(input);
  return prototype === Object.prototype || prototype === null || Array.isArray(input);
}
