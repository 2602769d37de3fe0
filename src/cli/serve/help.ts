/*
 * The help of `ambit serve`, made from the table of its options. Its lines fit into 80 columns.
 */
import { SERVE_OPTIONS, type ServeOption } from "./optionTable.ts";

const GROUPS: readonly (readonly [ServeOption["group"], string])[] = [
  ["where", "Where to listen"],
  ["workers", "Several processes"],
  ["end", "How it ends"],
  ["develop", "While you develop"],
  ["words", "What to say"],
];

const COLUMN = 28;

/** What `ambit serve --help` prints. */
export function serveHelp(): string {
  const groups = GROUPS.map(([group, title]) => {
    const lines = SERVE_OPTIONS.filter((option) => option.group === group).map(optionLines);
    return `${title}\n${lines.join("")}`;
  });
  return `Serves an application, with one process or several.

Usage: ambit serve [options] MODULE[:EXPORT]

What is served is the module's default export, the one named \`app\`, or EXPORT:
an Application, or a function that makes one. Times are milliseconds, or have a
unit: 500ms, 30s, 2m.

${groups.join("\n")}
Signals
  SIGTERM, SIGINT (Ctrl-C)  answer what was asked, then end; the second: at once
  SIGHUP                    with workers: start them anew, one after the other
  SIGTTIN, SIGTTOU          with workers: one more, one less

Examples
  ambit serve app.js                                 http://127.0.0.1:8000
  ambit serve app.ts --reload --debug                while you write it
  ambit serve app.js --host 0.0.0.0 --workers max --lame-duck 10s
  ambit serve admin.js:makeApp --unix /run/admin.sock

Exit codes: 0 it ended as it was told to, 1 the application failed, 2 wrong
usage, 130 and 143 a second Ctrl-C or SIGTERM.
`;
}

function optionLines({ name, short, value, help }: ServeOption): string {
  const letter = short === undefined ? "   " : `-${short},`;
  const typed = `  ${letter} --${name}${value === undefined ? "" : ` ${value}`}`;
  // An option too long for its column has a line of its own.
  const [first = "", ...rest] = typed.length >= COLUMN ? ["", ...help] : help;
  const lines = [typed.padEnd(COLUMN) + first, ...rest.map((line) => " ".repeat(COLUMN) + line)];
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}
