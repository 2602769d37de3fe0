/*
 * What is said of an operation that a file, as it was opened, is not there for.
 */
import { UnsupportedOperationError } from "./errors.ts";
import type { ModeRules } from "./mode.ts";
import type { RawFile } from "./rawFile.ts";

/** @param why as a clause that follows "which" @internal */
export function unsupported(
  { raw: { name }, rules: { mode } }: { readonly raw: RawFile; readonly rules: ModeRules },
  operation: string,
  why: string,
): UnsupportedOperationError {
  return new UnsupportedOperationError(`${operation} on '${name}' (mode "${mode}"), which ${why}`);
}
