/*
 * Names for files that have none: a template with placeholders, filled from the URL.
 *
 * Strategy: taken apart once; a name is then joined from what the URL gives. Only the text of the
 * template itself may have `/` in it, and `{path}`; everything else is one part of a path, and each
 * part is made harmless in the end.
 * Limits: the name comes from the item's own URL, not from where redirects lead: a server should not
 * choose what a file is called, unless `{disposition}` lets it.
 */
import { outOfRange } from "../core/arguments.ts";
import { safeName, safeServerName, stemAndExtension } from "./safeName.ts";

const PLACEHOLDERS = ["name", "stem", "ext", "path", "host", "n", "disposition"] as const;

type Placeholder = (typeof PLACEHOLDERS)[number];

interface Slot {
  readonly placeholder: Placeholder;
  readonly width: number;
}

/** The name of what a URL with no last part gives. */
const INDEX = "index.html";

/** @internal */
export class NameTemplate {
  /** Whether a name needs the server's answer. */
  readonly asksServer: boolean;
  readonly #pieces: readonly (string | Slot)[];
  /** The usual one, `{name}`, is spared the rest. */
  readonly #isName: boolean;

  /** @throws RangeError for a template that is none */
  constructor(template: string) {
    this.#pieces = piecesOf(template);
    this.#isName = template === "{name}";
    this.asksServer = template.includes("{disposition}");
  }

  /**
   * The path of an item, with `/`.
   *
   * @param index the item's, from 0
   * @param given the name that the server gives, if it does
   */
  path(url: URL, index: number, given: string | null = null): string {
    if (this.#isName) return safeName(nameOf(url));
    const filled = this.#pieces.map((piece) =>
      typeof piece === "string" ? piece : valueOf(piece, url, index, given),
    );
    return (
      filled
        .join("")
        .split("/")
        .filter((part) => part !== "")
        .map(safeName)
        .join("/") || "_"
    );
  }
}

function piecesOf(template: string): (string | Slot)[] {
  const pieces: (string | Slot)[] = [];
  let at = 0;
  for (const match of template.matchAll(/\{([a-z]+)(?::(\d{1,3}))?\}/g)) {
    const [whole, placeholder = "", width] = match;
    if (!isPlaceholder(placeholder) || (width !== undefined && placeholder !== "n"))
      throw unknown(template, whole);
    pieces.push(template.slice(at, match.index));
    pieces.push({ placeholder, width: Number(width ?? 0) });
    at = match.index + whole.length;
  }
  pieces.push(template.slice(at));
  const stray = pieces.find((piece) => typeof piece === "string" && /[{}]/.test(piece));
  if (stray !== undefined) throw unknown(template, template);
  return pieces.filter((piece) => piece !== "");
}

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}

function unknown(template: string, what: string): RangeError {
  const known = PLACEHOLDERS.map((name) => `{${name}}`).join(", ");
  return outOfRange(
    "options.name",
    `a template of ${known} and text`,
    what === template ? template : `${what} in ${template}`,
  );
}

function valueOf({ placeholder, width }: Slot, url: URL, index: number, given: string | null) {
  switch (placeholder) {
    case "n":
      return String(index + 1).padStart(width, "0");
    case "host":
      // The port tells servers of one host apart; a colon is no part of a name.
      return safeName(url.host.replace(/:(\d+)$/, "_$1"));
    case "path":
      return pathOf(url);
    case "disposition":
      return given === null ? safeName(nameOf(url)) : safeServerName(given);
    case "stem":
      return stemAndExtension(safeName(nameOf(url)))[0];
    case "ext":
      return stemAndExtension(safeName(nameOf(url)))[1];
    case "name":
      return safeName(nameOf(url));
  }
}

/** The last part of the URL's path, decoded. */
function nameOf({ pathname }: URL): string {
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  return last === "" ? INDEX : decoded(last);
}

function pathOf({ pathname }: URL): string {
  const parts = pathname.split("/").slice(1);
  if (parts.at(-1) === "") parts[parts.length - 1] = INDEX;
  return parts
    .filter((part) => part !== "")
    .map((part) => safeName(decoded(part)))
    .join("/");
}

/** What is not UTF-8 when it is decoded stays as it is. */
function decoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
