/*
 * Every option of `ambit serve`, with its words for the help: the one list that reading, help and manual are made of.
 */
import type { Option } from "../options.ts";

/** The name of an option of `ambit serve`. */
export type ServeOptionName =
  | "host"
  | "port"
  | "unix"
  | "tls-cert"
  | "tls-key"
  | "workers"
  | "max-requests"
  | "start-timeout"
  | "drain-timeout"
  | "lame-duck"
  | "reload"
  | "reload-dir"
  | "debug"
  | "env"
  | "access-log"
  | "json"
  | "help";

/** One option with its place and its words in the help. */
export interface ServeOption extends Option {
  readonly name: ServeOptionName;
  readonly group: "where" | "workers" | "end" | "develop" | "words";
  /** One or more lines of at most 52 characters. */
  readonly help: readonly string[];
}

/** The options, in the order of the help. */
export const SERVE_OPTIONS: readonly ServeOption[] = [
  {
    group: "where",
    name: "host",
    value: "HOST",
    help: [
      "an address or name of this machine [127.0.0.1];",
      "0.0.0.0 or :: for all of its addresses",
    ],
  },
  {
    group: "where",
    name: "port",
    short: "p",
    value: "N",
    help: ["[$PORT, else 8000]; 0 for any that is free"],
  },
  {
    group: "where",
    name: "unix",
    value: "PATH",
    help: ["a Unix socket, in place of host and port"],
  },
  {
    group: "where",
    name: "tls-cert",
    value: "FILE",
    help: ["HTTPS with this certificate, and its chain (PEM)"],
  },
  { group: "where", name: "tls-key", value: "FILE", help: ["and this private key (PEM)"] },
  {
    group: "workers",
    name: "workers",
    short: "w",
    value: "N",
    help: [
      "serve with so many processes; `max` is one for",
      "each processor; without, this process serves",
    ],
  },
  {
    group: "workers",
    name: "max-requests",
    value: "N",
    help: [
      "a worker is replaced after so many requests, and",
      "up to a tenth more, so that not all go at once",
    ],
  },
  {
    group: "workers",
    name: "start-timeout",
    value: "MS",
    help: ["until a worker has to be ready [30s]"],
  },
  {
    group: "end",
    name: "drain-timeout",
    value: "MS",
    help: [
      "how long requests may go on once it is to stop;",
      "then they are cancelled [30s; 1s with --reload]",
    ],
  },
  {
    group: "end",
    name: "lame-duck",
    value: "MS",
    help: [
      "how long to serve on after SIGTERM, telling load",
      "balancers not to send anything new [0]",
    ],
  },
  {
    group: "develop",
    name: "reload",
    help: [
      "start anew when a file of the program changes;",
      "code that does not load leaves the old serving",
    ],
  },
  {
    group: "develop",
    name: "reload-dir",
    value: "DIR",
    repeated: true,
    help: ["watch all files in this folder, in place of the", "code in the program's own"],
  },
  { group: "develop", name: "debug", help: ["error pages that tell all, and Ambit's debug mode"] },
  {
    group: "develop",
    // Not `env-file`: that Node.js takes for an option of its own, wherever it stands, and ends with 9 when it is missing.
    name: "env",
    value: "FILE",
    repeated: true,
    help: ["set what is in it, unless it is set already"],
  },
  {
    group: "words",
    name: "access-log",
    value: "HOW",
    help: ["auto, json, pretty or off [auto: pretty on a", "terminal, else json]"],
  },
  {
    group: "words",
    name: "json",
    help: ["tell what happens in lines of JSON, on standard", "output"],
  },
  { group: "words", name: "help", short: "h", help: ["print this help"] },
];
