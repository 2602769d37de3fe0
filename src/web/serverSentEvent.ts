/*
 * ServerSentEvent: one event of a stream, and how it is written (HTML standard, section 9.2).
 *
 * Strategy: the format is lines, so what must be one line is refused when it isn't: a line feed in an id or a name would
 * let whoever chose it write events of his own. Data may have many lines; each becomes a line of its own.
 */
import { expectInteger, outOfRange, wrongType } from "../core/arguments.ts";

/** One event of a stream. */
export interface ServerSentEvent {
  /**
   * What it tells: text as it is, anything else as JSON. The browser joins its lines by `\n`, whatever they ended in.
   * Without any, no event reaches the page, but its `id` and `retry` count.
   */
  readonly data?: unknown;
  /** Its type, for `addEventListener`; `message` without one. One line. */
  readonly event?: string;
  /** Where the stream is with this event: sent back as `Last-Event-ID` by a browser that comes again. One line. */
  readonly id?: string;
  /** How long a browser that lost the connection waits before it comes again, in milliseconds. */
  readonly retry?: number;
  /** A remark that browsers skip. */
  readonly comment?: string;
}

const LINE_END = /\r\n|\r|\n/;

/** How the event is written. @internal */
export function encodeEvent(event: ServerSentEvent | string): string {
  if (typeof event === "string") return `${dataLines(event)}\n`;
  if (typeof event !== "object" || event === null || event instanceof Uint8Array)
    throw wrongType("event", "text or { data, event, id, retry }", event);
  const { data, event: type, id, retry, comment } = event;
  let lines = "";
  if (comment !== undefined) lines += commentLines(comment);
  if (id !== undefined) lines += `id: ${idLine(id)}\n`;
  if (type !== undefined) lines += `event: ${oneLine("event.event", type)}\n`;
  if (retry !== undefined) lines += retryLine(retry);
  // A type without data reaches no page: browsers drop what has no line of data.
  if (data !== undefined || type !== undefined) lines += dataLines(textOf(data));
  return `${lines}\n`;
}

/** @internal */
export function retryLine(milliseconds: number): string {
  expectInteger("retry", milliseconds, 0);
  return `retry: ${milliseconds}\n`;
}

function textOf(data: unknown): string {
  if (typeof data === "string") return data;
  if (data === undefined) return "";
  const text = JSON.stringify(data) as string | undefined;
  if (text === undefined)
    throw wrongType("event.data", "text, or something that JSON can hold", data);
  return text;
}

function dataLines(text: string): string {
  if (!text.includes("\n") && !text.includes("\r")) return `data: ${text}\n`;
  return text
    .split(LINE_END)
    .map((line) => `data: ${line}\n`)
    .join("");
}

function commentLines(text: string): string {
  if (typeof text !== "string") throw wrongType("event.comment", "text", text);
  return text
    .split(LINE_END)
    .map((line) => `: ${line}\n`)
    .join("");
}

/** Browsers ignore an id with a NUL; the next `Last-Event-ID` would be that of an earlier event. */
function idLine(id: string): string {
  if (typeof id === "string" && id.includes("\0"))
    throw outOfRange("event.id", "one line without NUL", id);
  return oneLine("event.id", id);
}

function oneLine(name: string, text: string): string {
  if (typeof text !== "string") throw wrongType(name, "one line of text", text);
  if (LINE_END.test(text)) throw outOfRange(name, "one line of text", text);
  return text;
}
