/*
 * `charfinder query`: looks up, prints, and says by the exit code whether anything was found.
 *
 * Results are written a few hundred lines at a time, waiting for whoever reads them: nothing piles up in a pipe, and who
 * goes away early (`charfinder query cjk | head`) ends the printing.
 */
import { once } from "node:events";

import type { QueryCommand } from "./args/command.ts";
import { countWords } from "./screen/countWords.ts";
import { paletteFor } from "./screen/palette.ts";
import { resultLine } from "./screen/resultLine.ts";
import type { CharacterIndex } from "./search/characterIndex.ts";
import { recordOf } from "./search/characterRecord.ts";
import { loadIndex } from "./search/loadIndex.ts";
import type { Matches } from "./search/matches.ts";

const LINES_AT_A_TIME = 256;

/** Where it prints. */
export interface Outputs {
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
}

/** Prints what is found; gives the exit code. */
export async function printMatches(command: QueryCommand, { out, err }: Outputs): Promise<number> {
  const began = performance.now();
  const { index, from } = await loadIndex();
  const loaded = performance.now();
  const matches = index.find(command.query);
  const found = performance.now();
  out.on("error", endQuietly);
  await print(command, index, matches, out);
  if (command.time) {
    const load = `${(loaded - began).toFixed(1)} ms to load the index from the ${from}`;
    err.write(`${(found - loaded).toFixed(2)} ms to find, ${load}\n`);
  }
  return matches.count > 0 ? 0 : 1;
}

async function print(
  { form, query, limit }: QueryCommand,
  index: CharacterIndex,
  matches: Matches,
  out: NodeJS.WriteStream,
): Promise<void> {
  if (form === "count") {
    out.write(`${matches.count}\n`);
    return;
  }
  const end = Math.min(limit, matches.count);
  const palette = paletteFor(out);
  const json = form === "json";
  if (json) out.write(`{"query":${JSON.stringify(query)},"count":${matches.count},"characters":[`);
  for (let start = 0; start < end; start += LINES_AT_A_TIME) {
    const page = matches.page(start, Math.min(LINES_AT_A_TIME, end - start));
    const lines = page.map((codePoint) => {
      const character = index.character(codePoint);
      return json ? JSON.stringify(recordOf(character)) : resultLine(character, palette);
    });
    const text = json ? `${start === 0 ? "" : ","}\n${lines.join(",\n")}` : `${lines.join("\n")}\n`;
    if (!out.write(text)) await once(out, "drain");
  }
  if (json) out.write("\n]}\n");
  else if (out.isTTY) out.write(palette.faint(`${countWords(matches.count, "match")}\n`));
}

/** Whoever reads our output may go away first. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit();
}
