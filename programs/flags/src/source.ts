/*
 * Opens and closes where flags come from, so that the rest of a run need not know whether a server of
 * our own stands behind the URL. The servers are loaded here, and only when one is wanted.
 */
import type { JobOptions } from "./args/command.ts";
import type { FlagImages } from "./catalogue/flagImages.ts";
import type { EmbeddedServerName } from "./server/serverName.ts";
import { siteAt, type Site } from "./site.ts";

/** Where flags come from, for as long as a run takes. */
export interface Source {
  readonly site: Site;
  close(): Promise<void>;
}

/** Opens the source that the options name: starts an embedded server, or takes the remote one. */
export async function openSource(job: JobOptions, images: FlagImages): Promise<Source> {
  if (job.baseUrl !== undefined) {
    return { site: siteAt(job.baseUrl, job.size, false), close: async () => {} };
  }
  const { openFlagServer } = await import("./server/flagServer.ts");
  const { treatmentOf } = await import("./server/treatment.ts");
  const treat = treatmentOf(job.server as EmbeddedServerName, job.seed);
  const server = await openFlagServer(images, treat);
  return { site: siteAt(server.base, job.size, true), close: () => server.close() };
}
