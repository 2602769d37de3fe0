/*
 * The file of a cassette: one JSON document for people to read and to compare.
 *
 * Strategy: exchanges in the order their requests were sent, headers by name, text as text (a line a
 * string, where there are several), other bytes as base64. What is read is checked, and refused as a
 * whole with the number of the exchange that is wrong.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { HeaderRecord } from "./headers.ts";
import { replaceFile } from "./replaceFile.ts";

/** A body as it is kept: text, by lines if there are several; or other bytes. */
export type RecordedBody =
  | { readonly text: string | readonly string[] }
  | { readonly base64: string };

/** A request as a cassette keeps it: secrets are masked. */
export interface RecordedRequest {
  /** In capitals. */
  readonly method: string;
  /** Without user info and fragment. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: HeaderRecord;
  /** Null for none. */
  readonly body: RecordedBody | null;
}

/** An answer as a cassette keeps it: secrets are masked. */
export interface RecordedResponse {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case. */
  readonly headers: HeaderRecord;
  /** Null for none. */
  readonly body: RecordedBody | null;
  /** The body did not come to its end, or nobody read it to there. */
  readonly cut?: boolean;
}

/** A request, and the answer to it or the code of the error that came instead. */
export interface RecordedExchange {
  readonly request: RecordedRequest;
  readonly response?: RecordedResponse;
  /** Such as `ECONNREFUSED`. */
  readonly error?: string;
}

/** @internal */
export function writeCassette(path: string, exchanges: readonly RecordedExchange[]): void {
  mkdirSync(dirname(path), { recursive: true });
  replaceFile(path, `${JSON.stringify({ cassette: 1, exchanges }, null, 2)}\n`, 0o644);
}

/** @internal */
export function readCassette(path: string): RecordedExchange[] {
  const content = parsed(path, readFileSync(path, "utf8"));
  if (content?.cassette !== 1 || !Array.isArray(content.exchanges))
    throw broken(path, "it is not a cassette (version 1)");
  for (const [index, exchange] of content.exchanges.entries())
    if (!isExchange(exchange)) throw broken(path, `exchange ${index + 1} is not whole`);
  return content.exchanges as RecordedExchange[];
}

function parsed(path: string, text: string): { cassette?: unknown; exchanges?: unknown } | null {
  try {
    return JSON.parse(text) as never;
  } catch (error) {
    throw broken(path, (error as Error).message);
  }
}

function broken(path: string, words: string): SyntaxError {
  return new SyntaxError(`cannot replay ${path}: ${words}`);
}

function isExchange(input: unknown): boolean {
  if (!isObject(input) || !isObject(input["request"])) return false;
  const { request, response, error } = input;
  const { method, url } = request;
  if (typeof method !== "string" || typeof url !== "string" || !URL.canParse(url)) return false;
  if (!isMessage(request)) return false;
  if (response === undefined) return typeof error === "string";
  return isMessage(response) && Number.isInteger(response["status"]);
}

function isMessage(input: unknown): input is Record<string, unknown> {
  return isObject(input) && isObject(input["headers"]) && isBody(input["body"] ?? null);
}

function isBody(body: unknown): boolean {
  if (body === null) return true;
  if (!isObject(body)) return false;
  const { text, base64 } = body;
  return [text].flat().every((line) => typeof line === "string") || typeof base64 === "string";
}

function isObject(input: unknown): input is Record<string, unknown> {
  return typeof input === "object" && input !== null;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as text; null when they are none that a person could read. @internal */
export function readable(bytes: Uint8Array): string | null {
  try {
    const text = utf8.decode(bytes);
    // oxlint-disable-next-line no-control-regex -- They are what text does not have.
    return /[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** @internal */
export function recordedText(text: string): RecordedBody | null {
  if (text === "") return null;
  const lines = text.split(/(?<=\n)/);
  return { text: lines.length === 1 ? text : lines };
}

/** @internal */
export function recordedBytes(bytes: Uint8Array): RecordedBody {
  return { base64: Buffer.from(bytes).toString("base64") };
}

/** The text of a body; null when it has none. @internal */
export function textOf(body: RecordedBody | null): string | null {
  if (body === null) return "";
  return "text" in body ? [body.text].flat().join("") : null;
}

/** @internal */
export function bytesOf(body: RecordedBody | null): Uint8Array {
  const text = textOf(body);
  if (text !== null) return Buffer.from(text, "utf8");
  return Buffer.from((body as { base64: string }).base64, "base64");
}
