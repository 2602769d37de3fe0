/*
 * The options of `npm run oracle`.
 */
import { parseArgs } from "node:util";

export const USAGE =
  "usage: npm run oracle -- [--count N] [--seed S] [--json] | --mutants [--seed S] [--write] [--json] | --kept [--json]";

/** What was asked for is not possible. */
export class UsageError extends Error {
  override name = "UsageError";
}

export interface Options {
  /** How many programs to try. */
  readonly count: number;
  /** The first program's seed. */
  readonly seed: number;
  readonly json: boolean;
  /** Hunts the mutants instead. */
  readonly mutants: boolean;
  /** Keeps how the mutants were caught, and writes the table. */
  readonly write: boolean;
  /** Tries the kept programs instead. */
  readonly kept: boolean;
}

export function parseOptions(args: readonly string[]): Options {
  const values = parse(args);
  const { json = false, mutants = false, write = false, kept = false } = values;
  if (mutants && kept) throw new UsageError("--mutants and --kept exclude each other");
  if (write && !mutants) throw new UsageError("--write needs --mutants");
  return {
    count: integer("--count", values.count ?? "2000", 1),
    seed: integer("--seed", values.seed ?? "1", 0),
    json,
    mutants,
    write,
    kept,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        count: { type: "string" },
        seed: { type: "string" },
        json: { type: "boolean" },
        mutants: { type: "boolean" },
        write: { type: "boolean" },
        kept: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.split("\n")[0]);
  }
}

function integer(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`expected ${name} to be an integer of at least ${least}, got '${text}'`);
}
