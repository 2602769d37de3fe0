/*
 * Values of options of `ambit serve`: times, workers, the module that is served. Each function gets the option's name for
 * its message, and throws a UsageError that says the name, what would be right, and what came.
 */
import { availableParallelism } from "node:os";
import { wholeNumber } from "../get/values.ts";
import { UsageError } from "../usageError.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds: `500` and `500ms`, `30s`, `2m`, `1h`; zero is one, too. */
export function milliseconds(name: string, text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? Number.NaN);
  // Node's timers take no more than 2^31 - 1 ms, which is 24 days.
  if (ms >= 0 && ms <= 2_147_483_647) return Math.round(ms);
  throw new UsageError(`${name} must be a time such as 500, 500ms, 30s or 2m, not \`${text}\``);
}

/** How many workers: a number, or `max` for one a processor. */
export function workerCount(name: string, text: string): number {
  if (text === "max") return availableParallelism();
  if (/^\d+$/.test(text)) return wholeNumber(name, text, 1, 1024);
  throw new UsageError(`${name} must be a number of processes, or \`max\`, not \`${text}\``);
}

/** A module, and which of its exports. */
export interface Target {
  /** As it was typed. */
  readonly path: string;
  /** Undefined: the default export, else the one named `app`. */
  readonly exportName: string | undefined;
}

/** `app.js`, `src/app.js:admin`; a colon that is part of a path (`C:\app.js`) is none of ours. */
export function targetOf(text: string): Target {
  const [, path, exportName] = /^(.+):([A-Za-z_$][\w$]*)$/s.exec(text) ?? [];
  const target = path === undefined ? { path: text, exportName: undefined } : { path, exportName };
  if (target.path === "") throw new UsageError("expected a module to serve, such as `app.js`");
  return target;
}

/** One of some words. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
): (name: string, text: string) => Word {
  return (name, text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    const list = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
    throw new UsageError(`${name} must be ${list}, not \`${text}\``);
  };
}
