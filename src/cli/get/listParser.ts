/*
 * Lines of a list to items. Each line tells by itself what it is, so that formats may be mixed:
 *
 *     # comment
 *     https://host/a                          a URL
 *     https://host/a <TAB> name               and the name of its file
 *     https://host/a <TAB> https://mirror/a   and other URLs of the same file (aria2)
 *       out=name                              an option for the URL above it (aria2)
 *     {"url": "https://host/a"}               an object (NDJSON)
 *
 * An item is complete when the next one begins, for options may follow it; so the parser is one
 * line behind. It keeps nothing else, however long the list is.
 */
import { UsageError } from "../usageError.ts";
import { ListError, type ListItem } from "./listItem.ts";
import { itemOfJson } from "./ndjson.ts";
import { checksum, header } from "./values.ts";

type Draft = { -readonly [Key in keyof ListItem]: ListItem[Key] };

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Reads one list, line by line. */
export class ListParser {
  readonly #name: string;
  readonly #warn: (text: string) => void;
  readonly #warned = new Set<string>();
  #line = 0;
  #draft: Draft | undefined;

  /**
   * @param name what the list is called in messages
   * @param warn told once about each option that is not known
   */
  constructor(name: string, warn: (text: string) => void) {
    this.#name = name;
    this.#warn = warn;
  }

  /** True while an item waits for options that may follow it. */
  get pending(): boolean {
    return this.#draft !== undefined;
  }

  /**
   * Takes the next line; gives the item that is complete with it.
   *
   * @throws {@link ListError} when the line makes no sense; the next one can be taken all the same
   */
  take(line: string): ListItem | undefined {
    this.#line++;
    const text = line.trim();
    if (text === "" || text.startsWith("#")) return undefined;
    if (/^[ \t]/.test(line)) {
      this.#option(text);
      return undefined;
    }
    const complete = this.end();
    this.#draft = this.#begin(line, text);
    return complete;
  }

  /** Gives the item that waits, if there is one: at the end of the list. */
  end(): ListItem | undefined {
    const draft = this.#draft;
    this.#draft = undefined;
    return draft;
  }

  get #where(): string {
    return `${this.#name}:${this.#line}`;
  }

  #begin(line: string, text: string): Draft {
    if (text.startsWith("{"))
      return this.#read(() => itemOfJson(text, this.#where, this.#warnOnce));
    const [url = "", ...fields] = line.split("\t").map((field) => field.trim());
    const draft: Draft = { url, where: this.#where };
    const others = fields.filter((field) => field !== "");
    const mirrors = others.filter((field) => SCHEME.test(field));
    const names = others.filter((field) => !SCHEME.test(field));
    if (names.length > 1) {
      const [one, two] = names;
      throw new ListError(this.#where, `\`${one}\` and \`${two}\`: a file has one name`);
    }
    if (mirrors.length > 0) draft.mirrors = mirrors;
    if (names[0] !== undefined) draft.output = names[0];
    return draft;
  }

  #option(text: string): void {
    const [name = "", ...rest] = text.split("=");
    const value = rest.join("=").trim();
    const draft = this.#draft;
    if (draft === undefined) {
      throw new ListError(
        this.#where,
        `\`${shortened(text)}\` is indented, and stands below no URL`,
      );
    }
    switch (name.trim()) {
      case "out":
        draft.output = value;
        break;
      case "dir":
        draft.directory = value;
        break;
      case "checksum":
        draft.checksum = this.#read(() => checksum("checksum", value));
        break;
      case "header":
        draft.headers = [...(draft.headers ?? []), this.#read(() => header("header", value))];
        break;
      default:
        this.#warnOnce(name.trim());
    }
  }

  readonly #warnOnce = (name: string): void => {
    if (this.#warned.has(name)) return;
    this.#warned.add(name);
    this.#warn(`${this.#where}: the option \`${shortened(name)}\` is not known, and left out`);
  };

  /** What a value's reader finds wrong is wrong with this line. */
  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new ListError(this.#where, error.message);
    }
  }
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
