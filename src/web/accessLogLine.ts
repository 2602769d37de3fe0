/*
 * One line of an access log: as JSON, as Apache writes it, or for people.
 *
 * Strategy: what a client has sent is shown as visible ASCII, all else escaped: a path or a browser's name can't begin a
 * line of its own, nor colour a terminal. The query is left out unless asked for: it may hold tokens.
 */
import { inspect } from "node:util";
import type { Ink } from "../core/ink.ts";
import type { AnswerRecord } from "./answerRecord.ts";

/** What lines are made of besides the record. @internal */
export interface LineSettings {
  readonly query: boolean;
  readonly ink: Ink;
  readonly fields: ((record: AnswerRecord) => Readonly<Record<string, unknown>>) | null;
}

/** Makes a line; `now` is the time of day, in milliseconds since 1970. @internal */
export type LineFormat = (record: AnswerRecord, now: number, settings: LineSettings) => string;

/** @internal */
export const jsonLine: LineFormat = (record, now, { query, fields }) => {
  const { request, status, bytes, outcome, error } = record;
  const { requestId, user } = namesIn(request.state);
  const line = {
    time: new Date(now).toISOString(),
    method: request.method,
    path: pathOf(record, query),
    status,
    bytes,
    ms: rounded(record.milliseconds),
    outcome,
    ip: request.ip,
    ...(request.route === null ? {} : { route: request.route.path }),
    ...(requestId === null ? {} : { id: requestId }),
    ...(user === null ? {} : { user }),
    ...(error === undefined ? {} : { error: errorText(error) }),
    ...fields?.(record),
  };
  // Of what JSON leaves as it is: control characters of Latin-1, and ends of lines of Unicode.
  return JSON.stringify(line).replace(/[\x7f-\x9f\u2028\u2029]/g, unicodeEscape);
};

/** Apache's `combined`: `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"`. @internal */
export const combinedLine: LineFormat = (record, now, { query }) => {
  const { request, status, bytes } = record;
  const { user } = namesIn(request.state);
  const line = `${request.method} ${pathOf(record, query)} HTTP/${request.httpVersion}`;
  const header = (name: string): string => quoted(request.headers.get(name) ?? "-");
  const who = user === null ? "-" : escaped(user).replaceAll(" ", "\\x20");
  const sent = bytes === 0 ? "-" : String(bytes);
  return `${request.ip || "-"} - ${who} [${apacheTime(now)}] ${quoted(line)} ${status || "-"} ${sent} ${header("referer")} ${header("user-agent")}`;
};

/** @internal */
export const prettyLine: LineFormat = (record, now, { query, ink }) => {
  const { request, status, bytes, outcome } = record;
  const time = ink.place(new Date(now).toTimeString().slice(0, 8));
  const path = escaped(pathOf(record, query));
  const how = outcome === "finished" ? "" : ` ${ink.alarm(outcome)}`;
  const rest = ink.place(`${sizeOf(bytes)} ${rounded(record.milliseconds)} ms`);
  return `${time} ${ink.name(escaped(request.method))} ${path} ${statusIn(ink, status)} ${rest}${how}`;
};

function statusIn(ink: Ink, status: number): string {
  const text = status === 0 ? "-" : String(status);
  if (status >= 500 || status === 0) return ink.alarm(text);
  return status >= 400 ? ink.warning(text) : ink.good(text);
}

function pathOf({ request }: AnswerRecord, query: boolean): string {
  return query ? request.path + request.search : request.path;
}

/** What middlewares may have found out. */
function namesIn(state: object): { requestId: string | null; user: string | null } {
  const { requestId, user } = state as { requestId?: unknown; user?: unknown };
  return {
    requestId: typeof requestId === "string" ? requestId : null,
    user: typeof user === "string" ? user : null,
  };
}

function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : inspect(error, { depth: 0 });
}

function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e]|[\\"]/g, byteEscape);
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

/** As Apache's log has it since 2.0.46. */
function byteEscape(char: string): string {
  if (char === '"' || char === "\\") return `\\${char}`;
  return [...Buffer.from(char)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

/** `10/Oct/2000:13:55:36 +0000`; always UTC. */
function apacheTime(now: number): string {
  const date = new Date(now);
  const month = MONTHS.slice(date.getUTCMonth() * 3).slice(0, 3);
  const day = String(date.getUTCDate()).padStart(2, "0");
  return `${day}/${month}/${date.getUTCFullYear()}:${date.toISOString().slice(11, 19)} +0000`;
}
