/*
 * One item on its way through the run: what is planned for it, and how far it has come.
 *
 * It is the engine's own note, one for each item that is being worked on or waits for its turn; the
 * result is made from it in the end.
 */
import type { HeadersInput } from "../http/headers.ts";
import { redact } from "../http/redaction.ts";
import { type Checksum, checksumOf } from "./checksum.ts";
import { Failure } from "./failure.ts";
import { type DownloadItem, itemOf } from "./item.ts";
import type { Partial } from "./partial.ts";
import type { DownloadResult } from "./result.ts";
import type { Stretch } from "./stretch.ts";

const NONE: readonly Checksum[] = [];

/** @internal */
export class Job {
  /** The item's place in the list, from 0. */
  readonly index: number;
  /** As it was given. */
  readonly url: string;
  readonly output: string | null;
  readonly headers: HeadersInput | null;
  /** Where the file can be had: the item's URL and its mirrors, less those that were given up. */
  readonly places: URL[];
  /** Which of them is asked next. */
  place = 0;
  readonly checksums: readonly Checksum[];
  /** Why it is not begun at all, or null. */
  readonly refusal: Failure | null;

  /** Whether the server gives it its name. */
  named = false;
  /** Below the folder, with `/`; null until it has a name. */
  path: string | null = null;
  /** On the loop's clock; NaN before its first request. */
  began = NaN;
  attempts = 0;
  /** How often what came had the wrong checksum. */
  mismatches = 0;
  /** The last answer's. */
  status = 0;
  finalUrl: string;
  etag: string | null = null;
  /** Bytes of the file that are there now. */
  received = 0;
  /** The size of the whole file; null while it is not known. */
  length: number | null = null;
  /** Bytes that an earlier attempt or run had written. */
  resumed = 0;
  sha256: string | undefined = undefined;
  /** What may be added to: the first `received` bytes, or what `stretches` tell. */
  partial: Partial | null = null;
  stretches: Stretch[] | null = null;
  /** Whether there may be a part of it on the disk. */
  hasPart = false;
  /** Whether its file is locked for other processes. */
  hasLock = false;
  /** What is asked for is asked for only if it has changed: the headers that say so. */
  condition: Readonly<Record<string, string>> | null = null;

  constructor(input: DownloadItem | string | URL, index: number) {
    const item = itemOf(input);
    this.index = index;
    this.url = this.finalUrl = String(item.url);
    this.output = item.output ?? null;
    this.headers = item.headers ?? null;
    this.places = [];
    try {
      this.places.push(parsed(item.url));
      if (item.mirrors !== undefined) this.places.push(...item.mirrors.map(parsed));
      this.checksums = item.checksum === undefined ? NONE : [item.checksum].flat().map(checksumOf);
      this.refusal = null;
    } catch (error) {
      this.checksums = NONE;
      this.refusal = error as Failure;
    }
  }

  /** Where it is asked for next. */
  get at(): URL {
    return this.places[this.place] as URL;
  }

  /** Which host's turn it has to wait for. */
  get origin(): string {
    return this.refusal === null ? this.at.origin : "";
  }

  /** What there is of it is of no use: the next attempt begins with the first byte. */
  forget(): void {
    this.partial = this.stretches = null;
    this.received = this.resumed = 0;
  }

  /** What became of it. */
  result(
    path: string | null,
    now: number,
    outcome: DownloadResult["outcome"],
    failure: Failure | null,
  ): DownloadResult {
    const { sha256 } = this;
    return {
      url: this.url,
      finalUrl: this.finalUrl,
      path,
      status: this.status,
      bytes: this.received,
      ms: Number.isNaN(this.began) ? 0 : Math.round(now - this.began),
      attempts: this.attempts,
      resumed: this.resumed,
      ...(sha256 === undefined ? undefined : { sha256 }),
      ...(this.etag === null ? undefined : { etag: this.etag }),
      outcome,
      ...(failure === null
        ? undefined
        : { error: { kind: failure.kind, message: failure.message } }),
    };
  }
}

function parsed(input: string | URL): URL {
  let url: URL;
  try {
    url = new URL(input);
  } catch {
    throw new Failure("url", `${redact(String(input))}: not a valid URL`);
  }
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw new Failure("url", `${redact(url.href)}: \`${url.protocol}\` is not http: or https:`);
}
