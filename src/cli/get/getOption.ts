/*
 * What an option of `ambit get` is: its name, and its place and words in the help.
 */
import type { Option } from "../options.ts";

/** The name of an option of `ambit get`. */
export type GetOptionName =
  | "input"
  | "base"
  | "checksum"
  | "checksums"
  | "directory"
  | "output"
  | "overwrite"
  | "conditional"
  | "resume"
  | "journal"
  | "jobs"
  | "per-host"
  | "segments"
  | "limit-rate"
  | "retries"
  | "timeout"
  | "timeout-connect"
  | "timeout-read"
  | "fail-fast"
  | "workers"
  | "queue"
  | "header"
  | "user"
  | "netrc"
  | "cookie-jar"
  | "proxy"
  | "http2"
  | "ca"
  | "insecure"
  | "json"
  | "dry-run"
  | "quiet"
  | "verbose"
  | "no-progress"
  | "help";

/** One option with its place and its words in the help. */
export interface GetOption extends Option {
  readonly name: GetOptionName;
  readonly group: "what" | "where" | "how many" | "trouble" | "workers" | "http" | "words";
  /** One or more lines of at most 52 characters. */
  readonly help: readonly string[];
}
