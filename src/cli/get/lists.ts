/*
 * All that a run is to get, in order: the URLs of the command line, then the lists.
 *
 * A list in a file can be read twice, so it is looked through before anything is done; one that
 * comes through a pipe cannot. Nothing is kept of either but the item at hand.
 */
import { accessSync, constants, statSync } from "node:fs";
import type { Streams } from "../streams.ts";
import { ListError, type ListItem } from "./listItem.ts";
import { IDLE, ListLines } from "./listLines.ts";
import { ListParser } from "./listParser.ts";

/** How long a URL from a pipe waits for options that may follow it, in milliseconds. */
const OPTIONS_WITHIN = 250;

/** What is to be got. */
export interface Wanted {
  readonly urls: readonly string[];
  /** Paths; `-` is standard input. */
  readonly inputs: readonly string[];
}

/** What a list is told by. */
export interface ListListener {
  /** Something is odd, and does no harm. */
  warn(text: string): void;
  /** A line makes no sense; the rest goes on if this returns. */
  reject(error: ListError): void;
}

/** The lists of one run. */
export class Lists {
  readonly #wanted: Wanted;
  readonly #streams: Streams;
  readonly #piped: ReadonlySet<string>;

  /** @throws {@link ListError} when a file is not there, or cannot be read */
  constructor(wanted: Wanted, streams: Streams) {
    this.#wanted = wanted;
    this.#streams = streams;
    this.#piped = new Set(wanted.inputs.filter(isPiped));
  }

  /** True when the lists can be read more than once. */
  get rereadable(): boolean {
    return this.#piped.size === 0;
  }

  /**
   * Every item, in order.
   *
   * @param which all of them, or only those that can be read again
   */
  async *items(
    listener: ListListener,
    which: "all" | "rereadable" = "all",
  ): AsyncGenerator<ListItem, undefined> {
    for (const [index, url] of this.#wanted.urls.entries()) {
      yield { url, where: `URL ${index + 1}` };
    }
    for (const input of this.#wanted.inputs) {
      if (which === "all" || !this.#piped.has(input)) yield* this.#itemsOf(input, listener);
    }
    return undefined;
  }

  async *#itemsOf(input: string, listener: ListListener): AsyncGenerator<ListItem, undefined> {
    const name = input === "-" ? "standard input" : input;
    const lines = input === "-" ? new ListLines(name, this.#streams.in()) : ListLines.ofFile(input);
    const parser = new ListParser(name, (text) => listener.warn(text));
    try {
      for (;;) {
        const mayIdle = parser.pending && this.#piped.has(input);
        const read = await lines.read(mayIdle ? OPTIONS_WITHIN : Infinity);
        if (read === null) break;
        if (read === IDLE) yield* some(parser.end());
        else for (const line of read) yield* some(taken(parser, line, listener));
      }
      yield* some(parser.end());
    } catch (error) {
      if (!(error instanceof ListError)) throw error;
      // What was read of it stays; there may be other lists.
      yield* some(parser.end());
      listener.reject(error);
    } finally {
      lines.close();
    }
    return undefined;
  }
}

function taken(parser: ListParser, line: string, listener: ListListener): ListItem | undefined {
  try {
    return parser.take(line);
  } catch (error) {
    if (!(error instanceof ListError)) throw error;
    listener.reject(error);
    return undefined;
  }
}

function some(item: ListItem | undefined): readonly ListItem[] {
  return item === undefined ? [] : [item];
}

/** A terminal, a pipe or a socket gives what it has once: `-`, `<(command)`, a FIFO. */
function isPiped(input: string): boolean {
  if (input === "-") return true;
  try {
    // Not opened: a FIFO would wait for who writes.
    accessSync(input, constants.R_OK);
    const found = statSync(input);
    return !found.isFile() && !found.isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new ListError(input, "there is no such file");
    if (code === "EACCES") throw new ListError(input, "permission denied");
    throw new ListError(input, `it cannot be read (${code})`);
  }
}
