/*
 * Precompressed files: `app.js.br` and `app.js.gz` beside `app.js`, made when the site was built.
 *
 * Strategy: the client's preference says in which order they are tried; what is not there costs one failed `open`. Only
 * names of types that shrink are looked for. Which of them is older is not looked at: files that were unpacked or checked
 * out have times in no order.
 */
import { preferredCoding } from "./acceptEncoding.ts";
import { NotFound } from "./httpError.ts";

/** A coding of files, best first. */
export type FileCoding = "br" | "gzip";

const SUFFIXES: Readonly<Record<FileCoding, string>> = { br: ".br", gzip: ".gz" };

/** Something that was opened, and in which coding it is. @internal */
export interface Coded<T> {
  readonly coding: FileCoding | null;
  readonly opened: T;
}

/**
 * Opens the sibling that the client would rather have, or the file itself.
 * @throws what `open` throws for the file itself
 * @internal
 */
export async function openCoded<T>(
  path: string,
  accepted: string | null,
  codings: readonly FileCoding[],
  open: (path: string) => Promise<T>,
): Promise<Coded<T>> {
  let left = codings;
  for (;;) {
    const coding = preferredCoding(accepted, left);
    if (coding === null) return { coding, opened: await open(path) };
    try {
      return { coding, opened: await open(path + SUFFIXES[coding]) };
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
    left = left.filter((each) => each !== coding);
  }
}
