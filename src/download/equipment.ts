/*
 * What the fetching of all files of a run shares.
 */
import type { ClientSession } from "../http/session.ts";
import type { ByteCost } from "./byteRate.ts";
import type { Rules } from "./options.ts";
import type { DownloadProgress } from "./progress.ts";
import type { RequestPlaces } from "./requestPlaces.ts";
import type { RetryBudget } from "./retryRules.ts";
import type { Shelf } from "./shelf.ts";

/** @internal */
export interface Equipment {
  readonly session: ClientSession;
  readonly shelf: Shelf;
  readonly rules: Rules;
  readonly rate: ByteCost;
  readonly budget: RetryBudget;
  readonly progress: DownloadProgress;
  /** Null when a file takes one request at a time. */
  readonly places: RequestPlaces | null;
}
