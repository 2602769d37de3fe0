/*
 * What the threads of the engine `threads` do: one flag after another, each a call of the pool's. A
 * thread has a client, hence a connection, and a saver of its own. The functions say where they are
 * exported: a thread loads compiled code, also when this file runs as TypeScript.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { cancellable } from "ambit";
import { task } from "ambit/futures";

import { FileSaver } from "../storage/fileSaver.ts";
import { Downloader } from "../transfer/downloader.ts";
import type { Outcome } from "../transfer/outcome.ts";
import type { Plan } from "../transfer/plan.ts";
import { PlainClient } from "../transfer/plainClient.ts";

const here = pathToFileURL(createRequire(import.meta.url).resolve("#flag-worker"));

let downloader: Downloader | undefined;

/** Prepares a thread. */
export const begin = task(
  here,
  "begin",
  async ({ site, meta, folder }: Pick<Plan, "site" | "meta" | "folder">): Promise<void> => {
    const client = await PlainClient.for(site.base);
    const saver = new FileSaver(folder);
    // The client knows nothing of tasks: it is told by a signal that its call was cancelled.
    const get = (url: string) => cancellable((signal) => client.get(url, signal));
    downloader = new Downloader({ site, meta }, get, (files) => saver.save(files));
  },
);

/**
 * Downloads and saves a flag, in a thread that was prepared.
 *
 * **Cancellation:** closes the request; what is being saved is saved to its end.
 */
export const downloadFlag = task(here, "downloadFlag", (code: string): Promise<Outcome> => {
  return (downloader as Downloader).download(code);
});
