/*
 * What workers on other machines do for the engine `distributed`: fetch one flag and hand it back.
 * `ambit worker` loads this file. It saves nothing: the folder is on the machine of who asked.
 *
 * Each call has a session of its own, so that nothing is left open on a worker between calls.
 */
import { task } from "ambit/distributed";
import { ClientSession } from "ambit/http";

import type { NewFile } from "../storage/fileSaver.ts";
import { patience } from "../transfer/answer.ts";
import { Downloader } from "../transfer/downloader.ts";
import type { Outcome } from "../transfer/outcome.ts";
import type { Plan } from "../transfer/plan.ts";
import { sessionGet } from "../transfer/sessionGet.ts";

/** What a worker hands back; the files are still to be saved. */
export interface FetchedFlag {
  readonly outcome: Outcome;
  readonly files: readonly NewFile[];
}

/**
 * Fetches a flag, and the country's facts if the plan wants them.
 *
 * **Cancellation:** closes the request.
 */
export const fetchFlag = task(
  "flags.fetch",
  async (plan: Pick<Plan, "site" | "meta">, code: string): Promise<FetchedFlag> => {
    const session = new ClientSession({ timeout: patience, redirects: false });
    const files: NewFile[] = [];
    const get = (url: string) => sessionGet(session, url);
    try {
      const downloader = new Downloader(plan, get, (fetched) => void files.push(...fetched));
      return { outcome: await downloader.download(code), files };
    } finally {
      await session.close();
    }
  },
);
