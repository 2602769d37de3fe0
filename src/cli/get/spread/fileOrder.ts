/*
 * What `ambit get --workers` asks a worker for: one file. Plain data, for it travels through Redis.
 */
import type { DownloadItem } from "../../../download/item.ts";
import type { DownloadResult } from "../../../download/result.ts";

/** The name by which both sides know the task. */
export const FILE_TASK = "ambit.get.file";
/** Changes when an order would be misunderstood. */
export const FILE_VERSION = "2";

/** How all files of a run are asked for. */
export interface Manner {
  /** Below the worker's folder. */
  readonly directory: string;
  readonly attempts: number;
  readonly existing: "replace" | "skip";
  readonly segments: number;
  /** Null for no limit. */
  readonly rate: RateManner | null;
  readonly sha256: boolean;
  readonly client: ClientManner;
}

/** How fast all files of a run may come together. */
export interface RateManner {
  /** Which run that is. */
  readonly run: string;
  /** Bytes a second. */
  readonly bytes: number;
}

/** How the servers are asked. */
export interface ClientManner {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Milliseconds; 0 for none. */
  readonly timeout: {
    readonly total: number;
    readonly connect: number;
    readonly socketRead: number;
  };
  readonly proxy: string | null;
  readonly user: { readonly name: string; readonly password: string } | null;
  readonly http2: boolean;
  readonly insecure: boolean;
  /** PEM, to trust besides the usual ones. */
  readonly authorities: string | null;
}

/** One file. */
export interface FileOrder {
  readonly item: DownloadItem & { readonly url: string };
  readonly manner: Manner;
}

/** How far a file is; told while it comes. */
export interface FileProgress {
  readonly bytes: number;
  readonly total: number | null;
  readonly attempt: number;
}

/** What became of it, and on which machine; `path` is a whole one there. */
export interface FileResult {
  readonly result: DownloadResult;
  readonly worker: string;
}

/** A result, and where it is. */
export type SpreadResult = DownloadResult & { readonly worker: string | null };
