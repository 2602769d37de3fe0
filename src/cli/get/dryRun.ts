/*
 * `--dry-run`: what would be done, a line for each file, and nothing else.
 */
import { redact } from "../../http/redaction.ts";
import type { Streams } from "../streams.ts";
import { harmless } from "../terminalText.ts";
import type { GetOptions } from "./arguments.ts";
import type { ListError } from "./listItem.ts";
import type { Lists } from "./lists.ts";
import type { Planner } from "./plan.ts";

/** Prints URL, TAB and name of each file, or objects of both; returns the exit code. */
export async function dryRun(
  options: GetOptions,
  lists: Lists,
  planner: Planner,
  { out, err }: Streams,
): Promise<number> {
  const listener = {
    warn: (text: string): void => void err.write(`ambit get: ${harmless(text)}\n`),
    reject: (error: ListError): never => {
      throw error;
    },
  };
  for await (const wanted of lists.items(listener)) {
    const { item, path } = planner.plan(wanted);
    const url = String(item.url);
    const line = options.json
      ? JSON.stringify({ url, path, checksum: item.checksum ?? null })
      : `${harmless(redact(url))}\t${harmless(path ?? `(the server's name, or that of the URL)`)}`;
    out.write(`${line}\n`);
  }
  return 0;
}
