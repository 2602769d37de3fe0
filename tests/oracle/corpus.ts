/*
 * Programs that are kept: those that have shown a difference once, each with the reason, and those that catch the mutants.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Policy } from "./ambit.ts";
import type { Catch } from "./hunt.ts";
import type { Program } from "./program.ts";

/** A program of the corpus. */
export interface Kept {
  readonly name: string;
  /** What it has shown, and what became of that. */
  readonly reason: string;
  readonly policies: readonly Policy[];
  readonly program: Program;
}

const CATCHES = "catches.json";

/** The kept programs, by name. */
export function readCorpus(folder: string): Kept[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json") && file !== CATCHES);
  return files.sort().map((file) => {
    const kept = JSON.parse(readFileSync(join(folder, file), "utf8")) as Omit<Kept, "name">;
    return { name: file.slice(0, -".json".length), ...kept };
  });
}

/** How each mutant was caught when all were hunted last. */
export function readCatches(folder: string): Catch[] {
  const file = join(folder, CATCHES);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Catch[]) : [];
}

export function writeCatches(folder: string, catches: readonly Catch[]): void {
  const lines = catches.map((each) => `  ${JSON.stringify(each)}`);
  writeFileSync(join(folder, CATCHES), `[\n${lines.join(",\n")}\n]\n`);
}
