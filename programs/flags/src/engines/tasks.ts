/*
 * What the engines `async` and `async-executor` have in common: Ambit's HTTP client, and a task for
 * each flag. Nothing here passes a signal on or cleans up after a cancel: that is what Ambit is for.
 */
import { mapConcurrent } from "ambit";
import { ClientSession } from "ambit/http";

import { patience } from "../transfer/answer.ts";
import { Downloader, type Save } from "../transfer/downloader.ts";
import type { Outcome } from "../transfer/outcome.ts";
import type { Plan } from "../transfer/plan.ts";
import { sessionGet } from "../transfer/sessionGet.ts";

/** A task per flag, `maxRequests` at a time: the common part of the two engines on Ambit. */
export async function downloadInTasks(
  plan: Plan,
  save: Save,
  report: (outcome: Outcome) => void,
): Promise<void> {
  const { maxRequests: limit } = plan;
  const session = new ClientSession({ limit, timeout: patience, redirects: false });
  const downloader = new Downloader(plan, (url) => sessionGet(session, url), save);
  // Reported inside the task: a flag that was saved is in the tally, whatever is cancelled then.
  const task = async (code: string) => report(await downloader.download(code));
  try {
    const options = { limit: plan.maxRequests, ordered: false };
    for await (const _ of mapConcurrent(plan.codes, task, options));
  } finally {
    await session.close();
  }
}

/** How many tasks there are at a time. */
export function taskCount({ maxRequests, codes }: Plan): number {
  return Math.min(maxRequests, codes.length);
}
