/*
 * A command line as it can be typed into a shell.
 *
 * What was typed may hold secrets, and what is printed ends up in logs: those are masked, although
 * the command has to be completed by hand then.
 */
import { redact } from "../../http/redaction.ts";
import { harmless } from "../terminalText.ts";

const SECRET_HEADER =
  /^((?:proxy-)?authorization|cookie|[\w-]*(?:token|secret|key|auth)[\w-]*):.*/is;

/** The command of this run, with `--resume` in it. */
export function resumeCommand(args: readonly string[]): string {
  const rest = args.filter((word) => word !== "--resume" && word !== "--dry-run");
  const end = rest.indexOf("--");
  const at = end === -1 ? rest.length : end;
  const words = [...rest.slice(0, at), "--resume", ...rest.slice(at)];
  return [
    "ambit get",
    ...words.map((word, index) => shellWord(masked(word, words[index - 1]))),
  ].join(" ");
}

/** A word without its secret, by what it is or what stands before it. */
function masked(word: string, before = ""): string {
  if (before === "--user" || before === "-u") return word.replace(/:.*/s, ":***");
  const inline = /^(--user=|-u)([^:]+):/s.exec(word);
  if (inline !== null && !word.startsWith("--u") === (inline[1] === "-u")) {
    return `${inline[1]}${inline[2]}:***`;
  }
  const [, option = "", value = word] = /^(--header=|-H)?(.*)$/s.exec(word) ?? [];
  if (option !== "" || before === "--header" || before === "-H") {
    return option + value.replace(SECRET_HEADER, "$1: ***");
  }
  const [, name = "", url = word] = /^(--[a-z-]+=)?(.*)$/s.exec(word) ?? [];
  return name + redact(url);
}

/** A word that the shell takes as it is, or in quotes. */
function shellWord(word: string): string {
  const plain = harmless(word);
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", "'\\''")}'`;
}
