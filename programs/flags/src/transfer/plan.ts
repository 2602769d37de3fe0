/*
 * All that an engine has to know, as plain data: it is posted to worker threads as it is.
 */
import type { Site } from "../site.ts";

/** The work to do. */
export interface Plan {
  /** The codes to fetch, in upper case, each once. */
  readonly codes: readonly string[];
  readonly site: Site;
  /** Fetch the country's metadata too, and name files by country. */
  readonly meta: boolean;
  /** Absolute path of the output folder, which exists. */
  readonly folder: string;
  /** How many requests may be in flight; at least 1. */
  readonly maxRequests: number;
}
