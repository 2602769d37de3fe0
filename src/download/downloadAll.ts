/*
 * downloadAll: a list of files, so many at a time, as an async iterable of results.
 */
import { mapConcurrent } from "../flow/mapConcurrent.ts";
import { expectItems } from "../flow/itemSource.ts";
import { Downloads } from "./downloads.ts";
import { Engine } from "./engine.ts";
import { type DownloadItem, itemOf } from "./item.ts";
import type { Job } from "./job.ts";
import { NameTemplate } from "./nameTemplate.ts";
import { type DownloadOptions, rulesOf } from "./options.ts";
import { DownloadProgress } from "./progress.ts";
import { Schedule } from "./schedule.ts";
import { plannedPath, survey } from "./survey.ts";

/**
 * Downloads files, several at a time, and gives what became of each as an async iterable, in the order
 * in which they end.
 *
 * Begins when first asked for a result. The list is read as places come free, never more than some
 * hundred items ahead, and results wait for who asks, so memory does not grow with the list. A file
 * gets its name only when it is complete and has its checksum; until then it is `name.part`. What
 * fails is tried again as `options.retry` says, and then is a result like any other: nothing is
 * thrown for it. Files are what the servers sent, byte for byte: compressed answers are not asked for,
 * and one that comes nevertheless is not decoded; its length, checksums and ranges are those of what
 * came (RFC 9110, section 8.4).
 *
 * **Cancellation:** of who asks, or leaving the loop: requests are closed, and what came of big files
 * is kept for the next run if there is a journal; without one it is removed. No file that is not
 * complete ever has its name.
 *
 * @param items URLs, or objects with a `url`. An array is looked through for two items with one
 *   output before anything starts; the second of two in another list is a failed result
 * @throws {@link DiskError} when the disk is full, broken or not allowed: after the result of the file
 *   that met it, nothing more is tried
 * @throws RangeError or TypeError for an item or an option that is none
 * @throws what the list throws
 *
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import type { AddressInfo } from "node:net";
 * import { downloadAll } from "ambit/download";
 *
 * const server = createServer((request, answer) => answer.end(request.url)).listen(0, "127.0.0.1");
 * await once(server, "listening");
 * const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
 * for await (const result of downloadAll([`${base}/a.txt`], { folder: "downloads" }))
 *   [result.outcome, result.bytes, result.path]; // => ["done", 6, "downloads/a.txt"]
 * server.close();
 * ```
 */
export function downloadAll(
  items: Iterable<DownloadItem | string | URL> | AsyncIterable<DownloadItem | string | URL>,
  options: DownloadOptions = {},
): Downloads {
  expectItems("items", items);
  const rules = rulesOf(options);
  if (Array.isArray(items)) for (const item of items) itemOf(item as DownloadItem);
  const { concurrency, perHost, name } = rules;
  const list = Array.isArray(items) ? (items as (DownloadItem | string)[]) : null;
  const progress = new DownloadProgress(list?.length ?? null);
  const engine = new Engine(
    rules,
    progress,
    list === null ? null : (reservations) => survey(list, name, reservations),
  );
  const schedule = new Schedule(items, engine, concurrency, perHost, progress);
  engine.attach(schedule);
  const work = (job: Job) => engine.work(job);
  return new Downloads(
    mapConcurrent(schedule, work, { limit: concurrency, ordered: false }),
    progress,
  );
}

/**
 * Where the file of an item would go, below the folder, by its `output` or the template of names; null
 * when the server has a word in it (`{disposition}`), or the item cannot be downloaded.
 *
 * @param index the item's place in the list, from 0
 * @param name as `options.name`
 *
 * @example
 * ```ts
 * import { downloadPath } from "ambit/download";
 *
 * downloadPath("http://example.org/a/b.png", 0, "{host}/{n:3}{ext}"); // => "example.org/001.png"
 * ```
 */
export function downloadPath(
  item: DownloadItem | string | URL,
  index: number,
  name = "{name}",
): string | null {
  return plannedPath(item, index, new NameTemplate(name));
}
