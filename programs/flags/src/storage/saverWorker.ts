/*
 * What the thread of the engine `async-executor` does: saves files, one call after another. Saving is
 * synchronous, so a call that has begun saves its files to the end, whatever is cancelled.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { task } from "ambit/futures";

import { FileSaver, type NewFile } from "./fileSaver.ts";

const here = pathToFileURL(createRequire(import.meta.url).resolve("#saver-worker"));

/** Saves files into a folder, together. */
export const saveFiles = task(here, "saveFiles", (folder: string, files: readonly NewFile[]) => {
  new FileSaver(folder).save(files);
});
