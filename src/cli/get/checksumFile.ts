/*
 * A file of checksums, as `sha256sum` and its like write them:
 *
 *     9f86d081…  photos/a.jpg          two spaces, or a space and `*`
 *     SHA256 (photos/a.jpg) = 9f86d0…  with --tag, and on BSD
 *
 * Which kind of checksum it is, the number of digits tells. A name is looked up as it is written
 * there, and, as such files are often made in another folder, by its last part where that is unique.
 */
import { readFileSync } from "node:fs";
import { UsageError } from "../usageError.ts";
import { ListError } from "./listItem.ts";
import { checksum } from "./values.ts";

const PLAIN = /^\\?([0-9a-fA-F]{32,128}) [ *](.+)$/;
const TAGGED = /^\\?([A-Za-z0-9-]+) \((.+)\) = ([0-9a-fA-F]+)$/;

/** The checksums of a file, by name. */
export class ChecksumFile {
  readonly #path: string;
  readonly #byName = new Map<string, string>();
  /** By the last part of the name; null where two have the same. */
  readonly #byLast = new Map<string, string | null>();

  /** @throws {@link ListError} when the file cannot be read, or a line of it makes no sense */
  constructor(path: string) {
    this.#path = path;
    for (const [index, line] of textOf(path).split("\n").entries()) this.#take(line, index + 1);
    if (this.#byName.size === 0) throw new ListError(path, "there is no checksum in it");
  }

  /** The checksum of a file, `sha256=…`, by its path below the folder or by its last name. */
  of(path: string): string | undefined {
    const last = lastOf(path);
    return this.#byName.get(path) ?? this.#byLast.get(last) ?? undefined;
  }

  #take(line: string, number: number): void {
    const text = line.trimEnd();
    if (text === "" || text.startsWith("#")) return;
    const [name, sum] = this.#read(text, number);
    const plain = name.replace(/^(\.\/)+/, "");
    this.#byName.set(plain, sum);
    const last = lastOf(plain);
    const known = this.#byLast.get(last);
    this.#byLast.set(last, known === undefined || known === sum ? sum : null);
  }

  #read(text: string, number: number): readonly [name: string, sum: string] {
    const escaped = text.startsWith("\\");
    const tagged = TAGGED.exec(text);
    const [, digits = "", name = ""] = PLAIN.exec(text) ?? ["", tagged?.[3], tagged?.[2]];
    const algorithm = tagged === null ? "" : `${tagged[1]}=`;
    try {
      const sum = checksum("the line", algorithm + digits);
      return [escaped ? unescaped(name) : name, sum];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new ListError(
        `${this.#path}:${number}`,
        "it must be a checksum, two spaces and a name",
      );
    }
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ListError(
      path,
      code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`,
    );
  }
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A name with a newline or a backslash in it is written with backslashes. */
function unescaped(name: string): string {
  return name.replace(/\\([n\\])/g, (_, character) => (character === "n" ? "\n" : "\\"));
}
