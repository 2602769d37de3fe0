/*
 * What became of one item.
 *
 * Plain data, and the same keys in the same order each time: it is printed as a line of JSON.
 */

/** Why a download failed, in one word. */
export type DownloadErrorKind =
  /** The URL is none, or not one of http or https. */
  | "url"
  /** The name of the file leads out of the folder, is too long, or a folder stands in its place. */
  | "name"
  /** Another item of the run has the same output. */
  | "duplicate"
  /** The file is there already, and `existing` is `"fail"`. */
  | "exists"
  /** The host's name was not found. */
  | "dns"
  /** No connection was made, or it broke before an answer came. */
  | "connect"
  /** The server's certificate was refused, or the TLS handshake failed. */
  | "tls"
  /** The proxy did not let it through. */
  | "proxy"
  /** A timeout passed. */
  | "timeout"
  /** The server answered with a status that gives no file. */
  | "http"
  /** Too many redirects, or one that leads nowhere. */
  | "redirect"
  /** The body did not come whole, or the server's words about it do not fit together. */
  | "body"
  /** The file is larger than `maxSize`. */
  | "size"
  /** What came has another checksum. */
  | "checksum"
  /** The file could not be written. Nothing more was tried. */
  | "disk"
  /** Anything else. */
  | "other";

/** Why a download failed. */
export interface DownloadError {
  readonly kind: DownloadErrorKind;
  /** In words; secrets in URLs are masked. */
  readonly message: string;
}

/** What became of one item. */
export interface DownloadResult {
  /** The item's URL, as it was given. May hold secrets. */
  readonly url: string;
  /** The URL that answered last, redirects and mirrors considered; `url` if none did. */
  readonly finalUrl: string;
  /** The path of the file, in `options.folder`; null if it failed before it had a name. */
  readonly path: string | null;
  /** The status of the last answer; 0 if there was none, also for a file that needed no request. */
  readonly status: number;
  /** The size of the file; for a failed one, the bytes that came. */
  readonly bytes: number;
  /** From its first request to its end, in milliseconds, pauses included. */
  readonly ms: number;
  /** How many times it was tried; 0 if no request was made. */
  readonly attempts: number;
  /** Bytes that an earlier attempt or run had written and that were not fetched again. */
  readonly resumed: number;
  /** SHA-256 of the file, in hexadecimal; with `options.sha256`, or when the item's checksum is one. */
  readonly sha256?: string;
  /** The answer's ETag. */
  readonly etag?: string;
  /** `skipped`: the file was there, and is what it should be. */
  readonly outcome: "done" | "skipped" | "failed";
  /** Only of a failed one. */
  readonly error?: DownloadError;
}
