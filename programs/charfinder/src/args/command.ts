/*
 * The result of reading the command line: plain data, complete, with all defaults filled in.
 */

/** What the command line asks for. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | QueryCommand
  | ServeCommand;

/** To look for characters and print them. */
export interface QueryCommand {
  readonly kind: "query";
  readonly query: string;
  /** How many are printed at most; Infinity for all. */
  readonly limit: number;
  /** In what form. */
  readonly form: "table" | "json" | "count";
  /** Whether to say how long it took. */
  readonly time: boolean;
}

/** To serve. */
export interface ServeCommand {
  readonly kind: "tcp" | "http";
  readonly host: string;
  /** 0 for one that is free. */
  readonly port: number;
}
