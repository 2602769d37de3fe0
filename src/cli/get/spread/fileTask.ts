/*
 * The worker's side of `ambit get --workers`: downloads one file into this machine's folder.
 *
 * Strategy: a client is kept for each manner of asking, so that the files of a run share connections; a limit of the rate is shared
 * with other workers. How far a file is is told twice a second.
 */
import { hostname } from "node:os";
import { relative, resolve, sep } from "node:path";
import { createTask } from "../../../core/createTask.ts";
import { isCancelled } from "../../../core/errors.ts";
import { sleep } from "../../../core/sleep.ts";
import { reportProgress } from "../../../distributed/currentCall.ts";
import type { DownloadRate } from "../../../download/byteRate.ts";
import { downloadAll } from "../../../download/downloadAll.ts";
import type { Downloads } from "../../../download/downloads.ts";
import type { DownloadOptions } from "../../../download/options.ts";
import { task } from "../../../futures/reference.ts";
import type { ClientSession } from "../../../http/session.ts";
import { FILE_TASK, FILE_VERSION, type FileOrder, type FileResult } from "./fileOrder.ts";
import { IdleShelf } from "./idleShelf.ts";
import { type Place, RateBook } from "./rateBook.ts";
import { sessionOf } from "./sessionOf.ts";

/** Between two words of progress, in milliseconds. */
const PROGRESS = 500;

/**
 * From now on this process downloads files that `ambit get --workers` asks for.
 *
 * @param folder where they go; nothing is written outside of it
 * @param place where it is asked
 */
export function takeFiles(folder: string, place: Place): AsyncDisposable {
  const sessions = new IdleShelf(sessionOf, (session) => session.close());
  const rates = new RateBook(place);
  const fetchFile = async (order: FileOrder): Promise<FileResult> => {
    const { client, rate } = order.manner;
    const session = sessions.take(client);
    const limit = rate === null ? Infinity : rates.take(rate);
    try {
      return await download(folder, order, session, limit);
    } finally {
      sessions.giveBack(client);
      if (rate !== null) rates.giveBack(rate);
    }
  };
  task(FILE_TASK, fetchFile, { version: FILE_VERSION });
  const close = async (): Promise<void> => {
    await sessions.close();
    await rates.close();
  };
  return { [Symbol.asyncDispose]: close };
}

async function download(
  folder: string,
  { item, manner }: FileOrder,
  session: ClientSession,
  limitRate: number | DownloadRate,
): Promise<FileResult> {
  const { attempts, existing, segments, sha256 } = manner;
  const options: DownloadOptions = {
    folder: folderBelow(folder, manner.directory),
    retry: { attempts },
    existing,
    segments,
    limitRate,
    sha256,
    // A call may be given to two workers, and two workers may have one folder.
    sharedFolder: true,
    session,
  };
  const run = downloadAll([item], options);
  const teller = createTask(() => tell(run), { name: "progress" });
  try {
    const { value } = await run.next();
    if (value === undefined) throw new Error(`no result came of ${item.output}`);
    const path = value.path === null ? null : resolve(value.path);
    return { result: { ...value, path }, worker: hostname() };
  } finally {
    await run.return();
    teller.cancel();
    await teller.then(null, passCancel);
  }
}

async function tell(run: Downloads): Promise<void> {
  for (;;) {
    await sleep(PROGRESS);
    const [file] = run.progress.snapshot().active;
    if (file === undefined) continue;
    reportProgress({ bytes: file.bytes, total: file.total, attempt: file.attempt });
  }
}

function passCancel(error: unknown): void {
  if (!isCancelled(error)) throw error;
}

/** Whoever can reach Redis may ask for files, but not where they please. */
function folderBelow(top: string, directory: string): string {
  const folder = resolve(top, directory);
  const way = relative(top, folder);
  if (way === ".." || way.startsWith(`..${sep}`) || resolve(way) === way)
    throw new RangeError(`the folder ${JSON.stringify(directory)} is not in the worker's`);
  return folder;
}
