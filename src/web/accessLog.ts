/*
 * accessLog: a line for each exchange, once it is over.
 *
 * Strategy: a listener, not a middleware: what was sent, how much of it and whether it arrived is known at the very end,
 * and what was refused before any middleware saw it belongs into the log too. For machines by default; for people on a
 * terminal. Each line is one write.
 */
import { expectFunction, wrongType } from "../core/arguments.ts";
import { inkFor, type TextOutput } from "../core/ink.ts";
import { getRunningLoop } from "../core/scope.ts";
import { combinedLine, jsonLine, type LineFormat, prettyLine } from "./accessLogLine.ts";
import type { AnswerListener, AnswerRecord } from "./answerRecord.ts";

/** `json`: one object a line; `combined`: as Apache and nginx write it; `pretty`: for people. */
export type AccessLogFormat = "json" | "combined" | "pretty";

/** What is written, and where. */
export interface AccessLogOptions {
  /** Default: `pretty` on a terminal, else `json`. */
  readonly format?: AccessLogFormat;
  /** Default: standard output. */
  readonly output?: TextOutput;
  /** Whether the query is shown: it may hold secrets. Default false. */
  readonly query?: boolean;
  /** Which exchanges are left out: a health check's, say. */
  readonly skip?: (record: AnswerRecord) => boolean;
  /** More for each line of JSON; a field of the same name is replaced. */
  readonly fields?: (record: AnswerRecord) => Readonly<Record<string, unknown>>;
}

const FORMATS: Readonly<Record<AccessLogFormat, LineFormat>> = {
  json: jsonLine,
  combined: combinedLine,
  pretty: prettyLine,
};

/**
 * Writes a line for each exchange that is over: `app.onAnswer(accessLog())`.
 *
 * With method, path, status (0 when none was sent), bytes of body, milliseconds, how it ended (`finished`, `disconnected`,
 * `timed out`, `aborted`), the client's address, and in JSON the route, the id (`requestId`), the user's name and the
 * error, where there are such. Whatever clients send is escaped.
 *
 * @throws TypeError when an option is none
 */
export function accessLog(options: AccessLogOptions = {}): AnswerListener {
  const { output = process.stdout, query = false, skip = none, fields = null } = options;
  const { format = output.isTTY === true ? "pretty" : "json" } = options;
  if (!Object.hasOwn(FORMATS, format))
    throw wrongType("options.format", `"json", "combined" or "pretty"`, format);
  expectFunction("options.skip", skip);
  if (fields !== null) expectFunction("options.fields", fields);
  const lineOf = FORMATS[format];
  const settings = { query, fields, ink: inkFor(output) };
  return (record) => {
    if (skip(record)) return;
    output.write(`${lineOf(record, getRunningLoop().wallTime(), settings)}\n`);
  };
}

function none(): boolean {
  return false;
}
