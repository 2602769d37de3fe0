/*
 * Reads the Unicode Character Database, as far as names are concerned, from the package that holds it.
 *
 * It takes most of a second, since the package unpacks large tables: so it's done once, and the index that is made of it
 * is kept (loadIndex.ts).
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { type Alias, type AliasKind, aliasKinds } from "./alias.ts";
import { type Block, blockName } from "./block.ts";
import { generalCategories } from "./category.ts";
import type { Span } from "./span.ts";

const PACKAGE = "@unicode/unicode-18.0.0";

/** What the package says. */
export interface UnicodeData {
  /** By code point: a name, or the label of the range that it lies in: `CJK Ideograph`, `<control>`. */
  readonly names: ReadonlyMap<number, string>;
  readonly aliases: ReadonlyMap<number, readonly Alias[]>;
  readonly blocks: readonly Block[];
  /** By category of ours; each in order. */
  readonly categories: ReadonlyMap<string, readonly Span[]>;
}

interface PackageRange {
  readonly begin: number;
  /** The one after the last. */
  readonly end: number;
}

/** The standard's version, and the package's: `18.0.0-2.0.7`. */
export function dataVersion(): string {
  const file = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return `${unicodeVersion}-${version}`;
}

/** The standard's version. */
export const unicodeVersion: string = PACKAGE.replace(/^.*-/, "");

/** Reads all of it. */
export async function readUnicodeData(): Promise<UnicodeData> {
  const [names, aliases, blocks, categories] = await Promise.all([
    table<ReadonlyMap<number, string>>("Names"),
    readAliases(),
    readBlocks(),
    readCategories(),
  ]);
  return { names, aliases, blocks, categories };
}

async function readAliases(): Promise<Map<number, Alias[]>> {
  const aliases = new Map<number, Alias[]>();
  for (const kind of aliasKinds) {
    for (const [key, names] of Object.entries(await aliasTable(kind))) {
      const codePoint = Number(key);
      const all = aliases.get(codePoint) ?? [];
      aliases.set(codePoint, [...all, ...names.map((name) => [kind, name] as const)]);
    }
  }
  return aliases;
}

function aliasTable(kind: AliasKind): Promise<Record<number, string[]>> {
  return table(`Names/${kind[0]?.toUpperCase()}${kind.slice(1)}`);
}

async function readBlocks(): Promise<Block[]> {
  const { Block: identifiers } = await module<{ Block: string[] }>("index.mjs");
  const blocks = await Promise.all(
    identifiers.map(async (identifier) => {
      const [span] = await spansOf("Block", identifier);
      return [...(span as Span), blockName(identifier)] as const;
    }),
  );
  return blocks.sort(([one], [other]) => one - other);
}

async function readCategories(): Promise<Map<string, Span[]>> {
  const all = Object.entries(generalCategories).map(async ([category, names]) => {
    const spans = await Promise.all(names.map((name) => spansOf("General_Category", name)));
    return [category, spans.flat().sort(([one], [other]) => one - other)] as const;
  });
  return new Map(await Promise.all(all));
}

async function spansOf(property: string, value: string): Promise<Span[]> {
  const ranges = await module<PackageRange[]>(`${property}/${value}/ranges.mjs`);
  return ranges.map(({ begin, end }) => [begin, end - 1] as const);
}

function table<T>(name: string): Promise<T> {
  return module(`${name}/index.mjs`);
}

async function module<T>(path: string): Promise<T> {
  return ((await import(`${PACKAGE}/${path}`)) as { default: T }).default;
}
