/*
 * Makes the index of what the Unicode data says.
 *
 * Names that end with the code point and stand side by side become a range, whether the data has them as one or not:
 * that halves what has to be kept.
 */
import { hexOf } from "../names/codePoint.ts";
import { type RangeRule, ruleOfLabel } from "../names/namedRange.ts";
import { type UnicodeData, unicodeVersion } from "../names/unicodeData.ts";
import { wordsOf } from "../names/words.ts";
import type { IndexTables } from "./indexTables.ts";

/** Fewer in a row are not worth a range. */
const LEAST_RANGE = 16;

interface Entry {
  readonly codePoint: number;
  readonly name: string;
}

/** The index of those names. */
export function buildIndex(data: UnicodeData): IndexTables {
  const { entries, ranges } = sorted(data);
  const { words, lists } = inverted(entries, data);
  return {
    codePoints: Uint32Array.from(entries, (entry) => entry.codePoint),
    nameStarts: startsOf(entries.map((entry) => entry.name.length)),
    postingStarts: startsOf(lists.map((list) => list.length)),
    postings: Uint32Array.from(lists.flat()),
    names: Buffer.from(entries.map((entry) => entry.name).join(""), "latin1"),
    words: Buffer.from(words.join("\n"), "latin1"),
    details: {
      version: unicodeVersion,
      assigned: entries.length + ranges.reduce((sum, { span }) => sum + span[1] - span[0] + 1, 0),
      ranges,
      blocks: data.blocks,
      aliases: [...data.aliases],
      categories: Object.fromEntries(data.categories),
    },
  };
}

/** A row of characters that the same rule names. */
interface Run {
  readonly rule: Omit<RangeRule, "span">;
  readonly from: number;
  to: number;
}

/** Tells names that are written down from those that follow a rule. */
function sorted({ names, aliases }: UnicodeData): { entries: Entry[]; ranges: RangeRule[] } {
  const entries: Entry[] = [];
  const runs: Run[] = [];
  for (const [codePoint, name] of [...names].sort(([one], [other]) => one - other)) {
    // One with another name besides is found by that, too, so it is an entry.
    const rule = aliases.has(codePoint) ? undefined : ruleFor(codePoint, name);
    const run = runs.at(-1);
    if (rule === undefined) {
      if (isNamed(name)) entries.push({ codePoint, name: ownName(name) });
    } else if (run?.rule.prefix === rule.prefix && run.to === codePoint - 1) run.to = codePoint;
    else runs.push({ rule, from: codePoint, to: codePoint });
  }
  const isShort = ({ rule, from, to }: Run) => rule.kind === "hex" && to - from + 1 < LEAST_RANGE;
  entries.push(...runs.filter(isShort).flatMap(entriesOf));
  const long = runs.filter((run) => !isShort(run));
  return {
    entries: entries.sort((one, other) => one.codePoint - other.codePoint),
    ranges: long.map(({ rule, from, to }) => ({ ...rule, span: [from, to] })),
  };
}

function entriesOf({ rule, from, to }: Run): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, at) => {
    const codePoint = from + at;
    return { codePoint, name: rule.prefix + hexOf(codePoint) };
  });
}

function ruleFor(codePoint: number, name: string): Omit<RangeRule, "span"> | undefined {
  const end = `-${hexOf(codePoint)}`;
  if (name.endsWith(end)) return { prefix: name.slice(0, 1 - end.length), kind: "hex" };
  return ruleOfLabel(name);
}

/** Labels have small letters: of private use and surrogates, which have no names, and of controls. */
function isNamed(name: string): boolean {
  return name === CONTROL || !/[a-z]/.test(name);
}

const CONTROL = "<control>";

/** A control has only aliases. */
function ownName(name: string): string {
  return name === CONTROL ? "" : name;
}

/** For each word, in order, the numbers of the entries that have it. */
function inverted(
  entries: readonly Entry[],
  { aliases }: UnicodeData,
): { words: string[]; lists: number[][] } {
  const found = new Map<string, number[]>();
  entries.forEach(({ codePoint, name }, number) => {
    const names = [name, ...(aliases.get(codePoint) ?? []).map(([, alias]) => alias)];
    for (const word of wordsOf(names.join(" "))) {
      const list = found.get(word);
      if (list === undefined) found.set(word, [number]);
      else list.push(number);
    }
  });
  const words = [...found.keys()].sort();
  return { words, lists: words.map((word) => found.get(word) as number[]) };
}

function startsOf(lengths: readonly number[]): Uint32Array {
  const starts = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, at) => (starts[at + 1] = (starts[at] as number) + length));
  return starts;
}
