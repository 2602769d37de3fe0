/*
 * Modes, as Python's `open` takes them: what is done with a file, and whether its content is bytes or text.
 */
import { constants } from "node:fs";
import { outOfRange, wrongType } from "../core/arguments.ts";

/** What is done with a file: read, write anew, append, or create. */
type Purpose = "r" | "w" | "a" | "x";

/**
 * A mode for text: `"r"` reads (the default), `"w"` writes and empties the file first, `"a"` appends, `"x"` creates a
 * file that must not exist; with `"+"`, it is both read and written. `"t"` may be added.
 */
export type TextMode = Purpose | `${Purpose}${"t" | "+" | "t+" | "+t"}`;

/** A mode for bytes: as {@link TextMode}, with `"b"`. */
export type BinaryMode = `${Purpose}${"b" | "b+" | "+b"}`;

/** What a mode means. @internal */
export interface ModeRules {
  readonly mode: string;
  readonly binary: boolean;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly appending: boolean;
  /** For the system's `open`. */
  readonly flags: number;
}

const MODE = /^([rwax])(?:(t?)(\+?)|(\+?)(t?)|(b)(\+?)|(\+)(b))$/;
const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
/** A terminal does not become this process's own by being opened; unknown to Windows. */
const O_NOCTTY = constants.O_NOCTTY ?? 0;

/** @internal */
export function rulesOf(mode: string): ModeRules {
  if (typeof mode !== "string") throw wrongType("mode", "a mode such as `r` or `rb+`", mode);
  const purpose = MODE.exec(mode)?.[1];
  if (purpose === undefined) {
    throw outOfRange("mode", "r, w, a or x, with b for bytes and + to read and write", mode);
  }
  const both = mode.includes("+");
  return {
    mode,
    binary: mode.includes("b"),
    readable: both || purpose === "r",
    writable: both || purpose !== "r",
    appending: purpose === "a",
    flags: O_NOCTTY | accessFlag(purpose, both) | creationFlags(purpose),
  };
}

function accessFlag(purpose: string, both: boolean): number {
  if (both) return O_RDWR;
  return purpose === "r" ? O_RDONLY : O_WRONLY;
}

function creationFlags(purpose: string): number {
  switch (purpose) {
    case "w":
      return O_CREAT | O_TRUNC;
    case "a":
      return O_CREAT | O_APPEND;
    case "x":
      return O_CREAT | O_EXCL;
    default:
      return 0;
  }
}
