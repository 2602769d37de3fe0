/*
 * How a list is downloaded: the options, and the complete, checked record that they become.
 */
import {
  expectFunction,
  expectInteger,
  expectLimit,
  outOfRange,
  wrongType,
} from "../core/arguments.ts";
import { ClientSession } from "../http/session.ts";
import type { DownloadRate } from "./byteRate.ts";
import { NameTemplate } from "./nameTemplate.ts";
import { type DownloadRetry, type RetryRules, retryRulesOf } from "./retryRules.ts";

/** How a list is downloaded. */
export interface DownloadOptions {
  /** Where the files go; made if it is not there. Default: the current one. */
  readonly folder?: string;
  /**
   * The name of a file that has no `output`, below `folder`. Placeholders: `{name}` the last part of
   * the URL's path, `{stem}` and `{ext}` (with its dot) the same in two parts, `{path}` the whole
   * path, `{host}`, `{n}` or `{n:4}` the item's number from 1 (with at least 4 digits),
   * `{disposition}` the name that the server gives, else as `{name}`. Default `"{name}"`.
   */
  readonly name?: string;
  /** How many files are downloaded at a time, from 1. Default 16. */
  readonly concurrency?: number;
  /** How many of them from one host (an origin) at a time, from 1; Infinity (default): no limit. */
  readonly perHost?: number;
  /**
   * Bytes per second for all together, more than 0; Infinity (default) for no limit. Or what says when bytes may have come,
   * which several runs may share.
   */
  readonly limitRate?: number | DownloadRate;
  /** When and how often a failed one is tried again; a number is `{ attempts }`. */
  readonly retry?: number | DownloadRetry;
  /**
   * The file that remembers what was done, so that the next run goes on where this one ended: made if
   * it is not there. Files that it knows to be finished are not fetched again, parts are completed.
   * Default null: nothing is remembered, and parts are removed.
   */
  readonly journal?: string | null;
  /**
   * What to do when a file is there that no journal knows. In a folder that is empty when the run
   * begins none is there, whatever others put into it later. Default `"replace"`.
   */
  readonly existing?: "replace" | "skip" | "fail";
  /**
   * Whether to ask for a file that is there only if it has changed since: by the ETag of the journal,
   * or by the file's own time. One that has not is `skipped`. Default false.
   */
  readonly conditional?: boolean;
  /**
   * How many parts of a big file are fetched at a time, from 1 (default). However many files: there
   * are never more requests in all than the larger of `concurrency` and `segments`, nor to one host
   * than the larger of `perHost` and `segments`.
   */
  readonly segments?: number;
  /** How large a part is at least, in bytes, from 1. Default 16 MiB. */
  readonly segmentSize?: number;
  /** How large a file may be, in bytes; Infinity (default) for no limit. */
  readonly maxSize?: number;
  /** Whether to tell each file's SHA-256. Default false. */
  readonly sha256?: boolean;
  /** Whether a file gets the time that the server's Last-Modified tells. Default false. */
  readonly lastModified?: boolean;
  /**
   * Whether a file and the journal are on the disk, not only handed to the system, before the file
   * gets its name: slower by far, and of use only when the machine fails. Default false.
   */
  readonly durable?: boolean;
  /**
   * Whether other processes download into the same folder at the same time, which say so too. Then each file is locked until
   * it is complete (by `name.part.lock`), so that no two write to one; who comes second waits, and then does with it as
   * `existing` says. It has no `journal`, and no name that the server gives. Where the file system has no symbolic links
   * there are no locks. Default false.
   */
  readonly sharedFolder?: boolean;
  /**
   * The client to use; it is not closed, and its own limits hold besides. Default: one of its own,
   * without a timeout for the whole of a request, and 60 s between two pieces of an answer.
   */
  readonly session?: ClientSession;
  /** What jitter is drawn with: numbers from 0 up to, not including, 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** All of them, checked. @internal */
export interface Rules extends Required<Omit<DownloadOptions, "name" | "retry" | "session">> {
  readonly name: NameTemplate;
  readonly retry: RetryRules;
  readonly session: ClientSession | null;
}

const DEFAULTS = {
  folder: ".",
  name: "{name}",
  concurrency: 16,
  perHost: Infinity,
  limitRate: Infinity,
  retry: {},
  journal: null,
  existing: "replace",
  conditional: false,
  segments: 1,
  segmentSize: 16 * 1024 * 1024,
  maxSize: Infinity,
  sha256: false,
  lastModified: false,
  durable: false,
  sharedFolder: false,
  random: Math.random,
} as const;

/** @internal */
export function rulesOf(options: DownloadOptions): Rules {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object", options);
  const given = { ...DEFAULTS, session: null, ...withoutUndefined(options) };
  expectText("options.folder", given.folder);
  expectText("options.name", given.name);
  if (given.journal !== null) expectText("options.journal", given.journal);
  expectInteger("options.concurrency", given.concurrency, 1);
  expectLimit("options.perHost", given.perHost, 1);
  expectInteger("options.segments", given.segments, 1);
  expectInteger("options.segmentSize", given.segmentSize, 1);
  expectLimit("options.maxSize", given.maxSize, 0);
  expectRate(given.limitRate);
  expectFunction("options.random", given.random);
  for (const flag of ["conditional", "sha256", "lastModified", "durable", "sharedFolder"] as const)
    if (typeof given[flag] !== "boolean")
      throw wrongType(`options.${flag}`, "true or false", given[flag]);
  if (!["replace", "skip", "fail"].includes(given.existing))
    throw outOfRange("options.existing", '"replace", "skip" or "fail"', given.existing);
  if (given.session !== null && !(given.session instanceof ClientSession))
    throw wrongType("options.session", "a ClientSession", given.session);
  const name = new NameTemplate(given.name);
  if (given.sharedFolder) expectSharable(given.journal, name);
  return { ...given, name, retry: retryRulesOf(given.retry) };
}

/** A file is locked by its name, before it is asked for; and its part may be another process's the next time. */
function expectSharable(journal: string | null, name: NameTemplate): void {
  if (journal !== null)
    throw new RangeError("`options.sharedFolder` does not go with `options.journal`");
  if (name.asksServer)
    throw new RangeError("`options.sharedFolder` does not go with {disposition} in `options.name`");
}

/** A default stands in for what is undefined. */
function withoutUndefined(options: DownloadOptions): DownloadOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function expectText(name: string, value: unknown): void {
  if (typeof value !== "string") throw wrongType(name, "a string", value);
  if (value === "" || value.includes("\0"))
    throw outOfRange(name, "a string that is not empty and has no NUL in it", value);
}

function expectRate(value: unknown): void {
  const name = "options.limitRate";
  if (typeof (value as Partial<DownloadRate> | null)?.pay === "function") return;
  if (typeof value !== "number") throw wrongType(name, "a number of bytes per second", value);
  if (!(value > 0)) throw outOfRange(name, "more than 0 bytes per second", value);
}
