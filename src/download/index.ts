/*
 * `ambit/download`: many files at a time, with resume, checksums and limits.
 */
export { type DownloadRate } from "./byteRate.ts";
export { downloadAll, downloadPath } from "./downloadAll.ts";
export { Downloads } from "./downloads.ts";
export { DiskError } from "./errors.ts";
export { type DownloadItem } from "./item.ts";
export { type DownloadOptions } from "./options.ts";
export { type ActiveDownload, DownloadProgress, type DownloadSnapshot } from "./progress.ts";
export { type DownloadError, type DownloadErrorKind, type DownloadResult } from "./result.ts";
export { type DownloadRetry } from "./retryRules.ts";
