/*
 * The stream of a search: lines of JSON, the count first, then rows as they are to stand in the table, some at a time.
 *
 * A page that begins another search closes the stream of this one; that cancels the task which runs this, wherever it
 * waits. The client is never sent more than it takes.
 */
import { sleep } from "ambit";
import { stream, type Reply, type StreamWriter } from "ambit/web";

import { characterRow } from "./characterRow.ts";
import { statusLine } from "./page.ts";
import type { SearchResult } from "./searchResult.ts";
import type { Visitors } from "./visitors.ts";

/** What a line of the stream holds. */
export type StreamLine =
  | { readonly type: "count"; readonly count: number; readonly status: string }
  /** Rows of the table, as HTML. */
  | { readonly type: "rows"; readonly rows: string }
  /** `next` is where the next page starts; null after the last one. */
  | { readonly type: "end"; readonly next: number | null }
  | { readonly type: "stopping" };

const ROWS_AT_A_TIME = 10;

/** How a stream is sent. */
export interface StreamPace {
  /** To wait so long between rows, in milliseconds: shows what a slow search would be like. */
  readonly pauseMs: number;
}

/** The answer that streams a result. */
export function searchStream(result: SearchResult, visitors: Visitors, pace: StreamPace): Reply {
  const write = (writer: StreamWriter) =>
    visitors.search(async () => {
      for await (const line of linesOf(result, visitors, pace))
        await writer.write(`${JSON.stringify(line)}\n`);
    });
  return stream(write, { type: "application/x-ndjson", headers: { "cache-control": "no-store" } });
}

async function* linesOf(
  result: SearchResult,
  visitors: Visitors,
  { pauseMs }: StreamPace,
): AsyncGenerator<StreamLine> {
  const { count, characters, next } = result;
  yield { type: "count", count, status: statusLine(result).text };
  for (let at = 0; at < characters.length; at += ROWS_AT_A_TIME) {
    if (pauseMs > 0) await sleep(pauseMs);
    if (visitors.stopping.isSet()) {
      visitors.told++;
      yield { type: "stopping" };
      return;
    }
    const rows = characters.slice(at, at + ROWS_AT_A_TIME);
    yield { type: "rows", rows: rows.map((each) => characterRow(each).text).join("") };
  }
  yield { type: "end", next };
}
