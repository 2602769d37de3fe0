/*
 * `charfinder http`: serves the page until it is told to stop; then tells the pages that are open, and drains.
 */
import type { Event } from "ambit";

import type { CharacterIndex } from "../search/characterIndex.ts";
import { createApplication } from "./application.ts";
import { Visitors } from "./visitors.ts";

/** How long requests are waited for, in milliseconds. */
const DRAIN_TIMEOUT = 5000;

/**
 * Serves until it is told to stop; gives the number of pages and searches that were told that it stops.
 *
 * **Cancellation:** stops at once.
 *
 * @param opened called with the address when it listens
 * @throws Node's error when it cannot listen (`EADDRINUSE`, `EACCES`, …)
 */
export async function servePages(
  index: CharacterIndex,
  where: { readonly host: string; readonly port: number },
  stop: Event,
  opened: (url: string) => void,
): Promise<number> {
  const visitors = new Visitors();
  await using server = await createApplication(index, visitors).start(where);
  opened(server.url);
  await stop.wait();
  const told = await visitors.sendAway();
  await server.drain({ timeout: DRAIN_TIMEOUT });
  return told;
}
