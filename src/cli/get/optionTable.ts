/*
 * Every option of `ambit get`, with its words for the help: the one list that reading, help and
 * manual are made of.
 */
import type { GetOption } from "./getOption.ts";
import { NETWORK_OPTIONS } from "./networkOptions.ts";

/** The options, in the order of the help. */
export const GET_OPTIONS: readonly GetOption[] = [
  {
    group: "what",
    name: "input",
    short: "i",
    value: "FILE",
    repeated: true,
    help: ["a list of URLs, `-` for standard input; see below"],
  },
  {
    group: "what",
    name: "base",
    value: "URL",
    help: ["what relative URLs are relative to"],
  },
  {
    group: "what",
    name: "checksum",
    value: "SUM",
    help: ["of the one file: sha256=HEX, also sha1, sha512, md5"],
  },
  {
    group: "what",
    name: "checksums",
    value: "FILE",
    help: ["a SHA256SUMS file: what it names must match it"],
  },
  {
    group: "where",
    name: "directory",
    short: "d",
    value: "DIR",
    help: ["the folder for the files (default: this one)"],
  },
  {
    group: "where",
    name: "output",
    short: "o",
    value: "NAME",
    help: [
      "the file's name in it; may have {name} (default),",
      "{host}, {path}, {stem}, {ext}, {n}, {n:4} and",
      "{disposition} in it",
    ],
  },
  {
    group: "where",
    name: "overwrite",
    help: ["replace files that are there; without, they are kept"],
  },
  {
    group: "where",
    name: "conditional",
    help: ["replace only what has changed (ETag, Last-Modified)"],
  },
  {
    group: "where",
    name: "resume",
    help: ["go on where the last run in DIR was stopped"],
  },
  {
    group: "where",
    name: "journal",
    value: "FILE",
    help: ["where that is noted (default DIR/.ambit-get.journal)"],
  },
  {
    group: "how many",
    name: "jobs",
    short: "j",
    value: "N",
    help: ["files at a time, 1 to 1000 (default 16)"],
  },
  {
    group: "how many",
    name: "per-host",
    value: "N",
    help: ["files at a time from one server (default 8)"],
  },
  {
    group: "how many",
    name: "segments",
    value: "N",
    help: ["parts of a big file at a time, 1 to 16 (default 1)"],
  },
  {
    group: "how many",
    name: "limit-rate",
    value: "RATE",
    help: ["bytes a second of all files together, whichever", "workers they come to: 500k, 2M"],
  },
  {
    group: "trouble",
    name: "retries",
    value: "N",
    help: ["tries after the first one, 0 to 100 (default 4)"],
  },
  {
    group: "trouble",
    name: "timeout",
    value: "TIME",
    help: ["for one try in all: 30, 500ms, 10m (default: none)"],
  },
  {
    group: "trouble",
    name: "timeout-connect",
    value: "TIME",
    help: ["until the connection stands (default 30s)"],
  },
  {
    group: "trouble",
    name: "timeout-read",
    value: "TIME",
    help: ["between two pieces of an answer (default 60s)"],
  },
  {
    group: "trouble",
    name: "fail-fast",
    help: ["stop all when one file fails"],
  },
  ...NETWORK_OPTIONS,
  {
    group: "words",
    name: "json",
    help: ["a line of JSON for each file on standard output"],
  },
  {
    group: "words",
    name: "dry-run",
    help: ["say what would be done: URL, TAB, file"],
  },
  {
    group: "words",
    name: "quiet",
    short: "q",
    help: ["say only what failed"],
  },
  {
    group: "words",
    name: "verbose",
    short: "v",
    help: ["say each file when it is there"],
  },
  {
    group: "words",
    name: "no-progress",
    help: ["no display of the progress"],
  },
  {
    group: "words",
    name: "help",
    short: "h",
    help: ["print this help"],
  },
];
