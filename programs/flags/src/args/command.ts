/*
 * The result of reading the command line: plain data, complete, nothing of it optional that has a default.
 * The parts that both commands share are JobOptions; the comparison needs no more than these.
 */
import type { FlagSize } from "../catalogue/flagSize.ts";
import type { EngineName } from "../engines/engine.ts";
import type { Selection } from "../selection.ts";
import type { ServerName } from "../server/serverName.ts";

/** What the command line asks for, checked and with all defaults filled in. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "download"; readonly options: DownloadOptions }
  | { readonly kind: "compare"; readonly options: CompareOptions };

/** What both commands have to know: which flags, from where, how many at a time. */
export interface JobOptions {
  readonly selection: Selection;
  /** Only the first so many codes. */
  readonly limit?: number;
  readonly server: ServerName;
  /** The server's URL; given with REMOTE, and with nothing else. */
  readonly baseUrl?: string;
  readonly maxRequests: number;
  readonly meta: boolean;
  readonly size: FlagSize;
  /** What the ERROR server's dice start from. */
  readonly seed: number;
  /** Print one JSON object instead of text. */
  readonly json: boolean;
}

export interface DownloadOptions extends JobOptions {
  readonly engine: EngineName;
  /** Where Redis is; only for the engine `distributed`. */
  readonly redis?: string;
  readonly output: string;
  readonly verbose: boolean;
}

export type CompareOptions = JobOptions;
