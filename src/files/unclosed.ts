/*
 * Files that nobody closed and nobody has any more (CPython's ResourceWarning).
 *
 * Strategy: when the object of an open file is collected, what was gathered is written, its descriptor is closed, and the
 * process warns. What works on the file (an iterator of lines, the bytes of a text file) holds the object, and a call that
 * still runs has its turn before, so no descriptor is closed under anybody.
 * Limits: when that is, and whether before the process ends, is the collector's affair: a safety net, no way to close files.
 */
import { type Place, placeAbove, userFrames } from "../core/frames.ts";
import { originHere } from "../core/origin.ts";
import { frameLines } from "../core/places.ts";
import { ambientScope } from "../core/scope.ts";
import type { BufferedFile } from "./bufferedFile.ts";
import type { IOBase } from "./ioBase.ts";

interface OpenFile {
  readonly file: BufferedFile;
  /** Known in debug mode only. */
  readonly opened: Place | undefined;
}

/** For who does not know which file that is. */
const HINT = "AMBIT_DEBUG=1 tells where it was opened";

let collected: FinalizationRegistry<OpenFile> | null = null;

/** Where the code that called `above` is; undefined outside of debug mode. @internal */
export function placeOfOpening(above: object): Place | undefined {
  return ambientScope().loop.debug ? placeAbove(above) : undefined;
}

/** Closes the file if it is collected before it was closed, and tells so. @internal */
export function closeWhenForgotten(object: IOBase, file: BufferedFile, opened?: Place): void {
  collected ??= new FinalizationRegistry(closeForgotten);
  collected.register(object, { file, opened });
}

function closeForgotten({ file, opened }: OpenFile): void {
  if (file.closed) return;
  void file.close().then(
    () => warn(file, opened, "it is closed now"),
    (error: unknown) => warn(file, opened, `closing it now has failed: ${String(error)}`),
  );
}

function warn({ raw, rules }: BufferedFile, opened: Place | undefined, outcome: string): void {
  const where = frameLines("it was opened", userFrames(opened));
  const origin = originHere();
  const here = origin === null ? "" : ` (in ${origin})`;
  process.emitWarning(
    `nobody has closed '${raw.name}' (mode "${rules.mode}"), and nobody has it any more; ${outcome}${here}`,
    {
      type: "ResourceWarning",
      code: "AMBIT_UNCLOSED_FILE",
      detail: where.length === 0 ? HINT : where.join("\n"),
    },
  );
}
