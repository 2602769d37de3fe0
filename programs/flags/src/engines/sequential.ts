/*
 * The engine `sequential`: no concurrency at all, on node:http. Its one wait is made cancellable by
 * `cancellable`, the bridge to code that takes an AbortSignal.
 */
import { cancellable } from "ambit";

import { FileSaver } from "../storage/fileSaver.ts";
import { Downloader } from "../transfer/downloader.ts";
import { PlainClient } from "../transfer/plainClient.ts";
import type { Engine } from "./engine.ts";

/** One flag after another, as the simplest program does it: what the others are measured by. */
export const sequential: Engine = {
  name: "sequential",

  concurrency: () => 1,

  async download(plan, report) {
    const client = await PlainClient.for(plan.site.base);
    const saver = new FileSaver(plan.folder);
    const downloader = new Downloader(
      plan,
      (url) => cancellable((signal) => client.get(url, signal)),
      (files) => saver.save(files),
    );
    try {
      for (const code of plan.codes) report(await downloader.download(code));
    } finally {
      client.close();
    }
  },
};
