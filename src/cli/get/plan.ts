/*
 * From what a list says to what is downloaded: relative URLs made whole, files given their names and
 * checksums. What cannot be downloaded is found here, as far as no server has to be asked.
 */
import { relative, resolve, sep } from "node:path";
import type { DownloadItem } from "../../download/item.ts";
import { NameTemplate } from "../../download/nameTemplate.ts";
import { checkedPath } from "../../download/safeName.ts";
import { redact } from "../../http/redaction.ts";
import { UsageError } from "../usageError.ts";
import type { GetOptions } from "./arguments.ts";
import type { ChecksumFile } from "./checksumFile.ts";
import { ListError, type ListItem } from "./listItem.ts";

/** One file, ready to be downloaded. */
export interface Planned {
  readonly item: DownloadItem;
  /** Where it will be, below the folder; null while only the server knows. */
  readonly path: string | null;
  readonly where: string;
}

/** Plans one file after another, in the order of the list. */
export class Planner {
  readonly #options: GetOptions;
  readonly #template: NameTemplate;
  readonly #checksums: ChecksumFile | null;
  #count = 0;
  /** How many files have no checksum although there is a file of them. */
  unchecked = 0;

  /** @throws {@link UsageError} when `--output` is no template */
  constructor(options: GetOptions, checksums: ChecksumFile | null) {
    this.#options = options;
    this.#template = templateOf(options.output);
    this.#checksums = checksums;
  }

  /**
   * The next file.
   *
   * @throws {@link ListError} when it cannot be downloaded
   */
  plan(wanted: ListItem): Planned {
    const index = this.#count++;
    const url = this.#url(wanted.url, wanted.where);
    const path = this.#path(wanted, url, index);
    const sum = wanted.checksum ?? this.#options.checksum ?? this.#sumOf(path, url);
    const { headers, mirrors, where } = wanted;
    const item: DownloadItem = {
      url: url.href,
      // The library makes the same name by the same template, and the server's, where it is asked.
      ...(path === null ? {} : { output: path }),
      ...(sum === undefined ? {} : { checksum: sum }),
      ...(headers === undefined ? {} : { headers: headers.map(([name, value]) => [name, value]) }),
      ...(mirrors === undefined
        ? {}
        : { mirrors: mirrors.map((each) => this.#url(each, where).href) }),
    };
    return { item, path, where };
  }

  #url(text: string, where: string): URL {
    const url = parsed(text, this.#options.base);
    if (url !== undefined && /^https?:$/.test(url.protocol) && url.host !== "") return url;
    throw new ListError(where, wordsAbout(text, url));
  }

  #path({ output, directory, where }: ListItem, url: URL, index: number): string | null {
    if (output === undefined && directory === undefined && this.#template.asksServer) return null;
    const name = output ?? this.#template.path(url, index);
    try {
      return checkedPath(directory === undefined ? name : this.#below(directory, name, where));
    } catch (error) {
      throw error instanceof ListError ? error : new ListError(where, (error as Error).message);
    }
  }

  /** A folder may be whole, as aria2 takes it, if it is in the one that all files go to. */
  #below(directory: string, name: string, where: string): string {
    const top = resolve(this.#options.directory);
    const folder = relative(top, resolve(top, directory));
    if (folder === ".." || folder.startsWith(`..${sep}`) || resolve(folder) === folder) {
      throw new ListError(
        where,
        `the folder \`${directory}\` is not in that of --directory, ${top}`,
      );
    }
    return folder === "" ? name : `${folder.replaceAll(sep, "/")}/${name}`;
  }

  #sumOf(path: string | null, url: URL): string | undefined {
    if (this.#checksums === null) return undefined;
    const sum = this.#checksums.of(path ?? new NameTemplate("{name}").path(url, 0));
    if (sum === undefined) this.unchecked++;
    return sum;
  }
}

function templateOf(text: string): NameTemplate {
  if (text.startsWith("/") || text.split("/").includes("..")) {
    throw new UsageError(
      `--output \`${text}\` leads out of the folder, which is --directory's to say`,
    );
  }
  try {
    return new NameTemplate(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const wrong = /`?(\{[^}]*\}?)[^`]*`? \(string\)$/.exec(error.message)?.[1];
    throw new UsageError(
      `--output \`${text}\` has ${wrong ?? "a brace"} in it; there are {name}, {stem}, {ext}, {path}, {host}, {n}, {n:4} and {disposition}`,
    );
  }
}

/** Parsed once: of a list of millions, that is most of the work. */
function parsed(text: string, base: URL | undefined): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

function wordsAbout(text: string, url: URL | undefined): string {
  const shown = redact(text.length > 200 ? `${text.slice(0, 197)}...` : text);
  if (url !== undefined) return `\`${shown}\` is no http or https URL`;
  if (/^[\w-]+(\.[\w-]+)+(:\d+)?(\/|$)/.test(text)) {
    return `\`${shown}\` is no URL; did you mean \`https://${shown}\`?`;
  }
  return `\`${shown}\` is no URL, and there is no --base for it`;
}
