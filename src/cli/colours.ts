/*
 * Whether there is colour. `NO_COLOR` and `FORCE_COLOR` are for people who know better.
 */
import { type Ink, inkFor, PLAIN } from "../core/ink.ts";
import type { Output, Streams } from "./streams.ts";

/**
 * The ink for an output: coloured on a terminal that has colours, plain elsewhere. `NO_COLOR` (not
 * empty) forbids colours, `FORCE_COLOR` (not `0`) asks for them, in a pipe too, and wins.
 */
export function coloursFor(output: Output, env: Streams["env"]): Ink {
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "0" && forced !== "false") {
    return inkFor({ ...writing(output), isTTY: true, hasColors: () => true });
  }
  if (forced !== undefined || env["NO_COLOR"] || env["TERM"] === "dumb") return PLAIN;
  return inkFor(output);
}

function writing(output: Output): { write(text: string): unknown } {
  return { write: (text) => output.write(text) };
}
