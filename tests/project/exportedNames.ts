/**
 * What an entry of the package exports, by name, read from its text.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/**
 * The names in an entry's `export { … } from` clauses: values as they are, types with `type` before
 * them.
 */
export function exportedNames(source: string): string[] {
  const text = readFileSync(join(ROOT, source), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  const clauses = text.matchAll(/^export (type )?\{([^}]*)\} from "[^"]+";$/gm);
  const names = [...clauses].flatMap(([, type = "", list = ""]) =>
    list.split(",").map((name) => type + name.trim().replace(/^(type )?\w+ as /, "$1")),
  );
  return names.filter((name) => !["", "type "].includes(name)).sort(byName);
}

/** By letter first, whatever the case; then values before types. */
export function byName(a: string, b: string): number {
  const [first, second] = [a, b].map((name) => name.replace("type ", ""));
  const letters = (first ?? "").toLowerCase().localeCompare((second ?? "").toLowerCase(), "en");
  return letters || (a < b ? -1 : 1);
}
