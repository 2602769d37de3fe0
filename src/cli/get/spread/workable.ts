/*
 * Which options make sense with `--workers`, whose files are downloaded on other machines.
 */
import { isAbsolute } from "node:path";
import { UsageError } from "../../usageError.ts";
import type { GetOptions } from "../getOptions.ts";

/** The queue where who asks and who downloads meet, if nothing else is said. */
export const FILE_QUEUE = "ambit-get";

/** @throws {@link UsageError} when an option does not go with `--workers`, or not without */
export function expectWorkable(options: GetOptions, queue: boolean): void {
  if (options.workers === undefined) {
    if (queue) throw new UsageError("--queue is of use with --workers only");
    return;
  }
  const { conditional, cookieJar, netrc, directory, output } = options;
  const words: readonly (readonly [boolean, string])[] = [
    [conditional, "--conditional: what a worker had before is not known here"],
    [cookieJar !== undefined, "--cookie-jar: each worker would have its own cookies"],
    [netrc, "--netrc: names and passwords would be those of the workers; give --user"],
    [
      isAbsolute(directory) || directory.split(/[/\\]/).includes(".."),
      `--directory ${directory}: it must lie below the workers' own folders`,
    ],
    [
      output.includes("{disposition}"),
      "{disposition} in --output: that no two files have one name is seen before",
    ],
  ];
  for (const [wrong, why] of words)
    if (wrong) throw new UsageError(`--workers does not go with ${why}`);
}
