/*
 * Reads options by a table of them. `util.parseArgs` cuts the words up; what is wrong is found here,
 * for Node's own messages run over several lines and never guess what was meant.
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { nearest } from "./nearest.ts";
import { UsageError } from "./usageError.ts";

/** One option of a command. */
export interface Option {
  /** Without the dashes. */
  readonly name: string;
  /** The one letter that stands for it. */
  readonly short?: string;
  /** What its value is called in the help; an option without one is a switch. */
  readonly value?: string;
  /** It may be given more than once. */
  readonly repeated?: true;
}

/** What was typed. */
export interface Given {
  /** The values of each option that was given, in order; a switch has none. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** What is no option. */
  readonly words: readonly string[];
}

/** @throws {@link UsageError} for an option that is not in the table, a value too much or too few */
export function readOptions(args: readonly string[], table: readonly Option[]): Given {
  const byName = new Map(table.map((option) => [option.name, option]));
  const options = new Map<string, string[]>();
  const words: string[] = [];
  for (const token of tokensOf(args, table)) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const option = byName.get(token.name);
    if (option === undefined) throw unknownOption(token.rawName, table);
    checkValue(option, token);
    const values = options.get(token.name);
    if (values === undefined)
      options.set(token.name, token.value === undefined ? [] : [token.value]);
    else if (option.repeated && token.value !== undefined) values.push(token.value);
    else if (option.value !== undefined)
      throw new UsageError(`${token.rawName} is given twice; once is enough`);
  }
  return { options, words };
}

type Token = NonNullable<ReturnType<typeof parseArgs>["tokens"]>[number];
type OptionToken = Extract<Token, { kind: "option" }>;

function tokensOf(args: readonly string[], table: readonly Option[]): readonly Token[] {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const { name, short, value } of table) {
    const type = value === undefined ? "boolean" : "string";
    options[name] = short === undefined ? { type } : { type, short };
  }
  const config = { args: [...args], options, allowPositionals: true, strict: false, tokens: true };
  return parseArgs(config as ParseArgsConfig & { tokens: true }).tokens;
}

function unknownOption(typed: string, table: readonly Option[]): UsageError {
  const names = table.map(({ name }) => `--${name}`);
  const meant = typed.startsWith("--") ? nearest(typed, names) : undefined;
  const hint = meant === undefined ? "" : `; did you mean \`${meant}\`?`;
  return new UsageError(`there is no option \`${typed}\`${hint}`);
}

function checkValue(option: Option, { rawName, value, inlineValue }: OptionToken): void {
  if (option.value === undefined) {
    if (value !== undefined)
      throw new UsageError(`${rawName} takes no value, and got \`${value}\``);
    return;
  }
  if (value === undefined) throw new UsageError(`${rawName} needs a value: ${option.value}`);
  if (!inlineValue && /^--?[a-z]/i.test(value)) {
    throw new UsageError(
      `${rawName} needs a value, and \`${value}\` looks like an option; write --${option.name}=${value} if it is meant`,
    );
  }
}
