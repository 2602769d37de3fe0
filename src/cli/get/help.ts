/*
 * The help of `ambit get`, made from the table of its options. Its lines fit into 80 columns.
 */
import type { GetOption } from "./getOption.ts";
import { GET_OPTIONS } from "./optionTable.ts";

const GROUPS: readonly (readonly [GetOption["group"], string])[] = [
  ["what", "What to get"],
  ["where", "Where to"],
  ["how many", "How much at a time"],
  ["trouble", "When there is trouble"],
  ["workers", "Over several machines"],
  ["http", "How to ask"],
  ["words", "What to say"],
];

const COLUMN = 28;

/** What `ambit get --help` prints. */
export function getHelp(): string {
  const groups = GROUPS.map(([group, title]) => {
    const lines = GET_OPTIONS.filter((option) => option.group === group).map(optionLines);
    return `${title}\n${lines.join("")}`;
  });
  return `Downloads many files at once: whole, checked, and under their final name only
when they are complete.

Usage: ambit get [options] URL...
       ambit get [options] -i LIST

${groups.join("\n")}
A list has a URL a line, or one of these; # begins a comment, gzip is unpacked
  URL <TAB> name of the file
  URL <TAB> another URL of the same file <TAB> ...
  {"url": "...", "output": "...", "checksum": "...", "mirrors": ["..."]}
  and below a URL, indented as for aria2: out=, dir=, checksum=, header=

Examples
  ambit get https://example.com/a.iso                one file, into this folder
  ambit get -i urls.txt -d photos -j 32 --per-host 4 a list, kindly
  ambit get -i urls.txt -d photos --resume           go on with it after Ctrl-C
  ambit get -i urls.txt -o '{host}/{path}'           keep the servers' folders
  ambit get -i urls.txt -o '{n:4}-{name}'            0001-a.jpg, 0002-b.jpg
  ambit get URL --segments 8 --checksum sha256=9f86d0...  one big file, checked
  zcat urls.gz | ambit get -i - --json > results     a line of JSON for each
  ambit get -i urls.txt --checksums SHA256SUMS --limit-rate 2M
  ambit get -i urls.txt --workers redis://queue:6379 the workers' folders

Exit codes: 0 all is there, 1 some failed, 2 wrong usage, 3 the disk took no
more, 4 no workers or no Redis, 130 Ctrl-C (143 SIGTERM): what is there stays,
and --resume goes on.
`;
}

function optionLines({ name, short, value, help }: GetOption): string {
  const letter = short === undefined ? "   " : `-${short},`;
  const typed = `  ${letter} --${name}${value === undefined ? "" : ` ${value}`}`;
  // An option too long for its column has a line of its own.
  const [first = "", ...rest] = typed.length >= COLUMN ? ["", ...help] : help;
  const lines = [typed.padEnd(COLUMN) + first, ...rest.map((line) => " ".repeat(COLUMN) + line)];
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}
