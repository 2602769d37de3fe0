/*
 * What a list asks for: one file, as it was written, not yet checked against anything else.
 */

/** One file of a list or of the command line. */
export interface ListItem {
  /** As it was written; may be relative to `--base`. */
  readonly url: string;
  /** Other URLs of the same file. */
  readonly mirrors?: readonly string[];
  /** Name of the file, below the folder; in place of `--output`. */
  readonly output?: string;
  /** Folder, below or in place of `--directory`. */
  readonly directory?: string;
  /** `sha256=…`. */
  readonly checksum?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Where it was written, such as `urls.txt:12`. */
  readonly where: string;
}

/** A line of a list that makes no sense; the message begins with where it stands. */
export class ListError extends Error {
  override readonly name = "ListError";
  /** Such as `urls.txt:12`. */
  readonly where: string;

  constructor(where: string, words: string) {
    super(`${where}: ${words}`);
    this.where = where;
  }
}
