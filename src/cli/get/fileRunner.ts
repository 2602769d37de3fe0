/*
 * What a run needs of who downloads.
 */
import type { Downloads } from "../../download/downloads.ts";
import type { DownloadItem } from "../../download/item.ts";

/** Downloads what a run is to get. */
export interface Runner extends AsyncDisposable {
  /** Where the files are, for the summary. */
  readonly directory: string;
  /** The files, as they end; begins when first asked. */
  run(items: AsyncIterable<DownloadItem>): Downloads;
}
