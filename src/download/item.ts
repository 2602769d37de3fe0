/*
 * What is to be downloaded: one item of the list, as a caller writes it.
 *
 * Strategy: an item is checked when it is pulled, or before anything starts when the list is an
 * array. Its mistakes are of two kinds: a thing that is no item at all is the caller's error and
 * thrown; an item that cannot be downloaded (a bad URL, a checksum that is none) is a failed result,
 * so that one bad line of a long list does not end it.
 */
import { wrongType } from "../core/arguments.ts";
import type { HeadersInput } from "../http/headers.ts";

/** One file to download. */
export interface DownloadItem {
  /** Where it is; http or https. */
  readonly url: string | URL;
  /**
   * Where it goes: a path with `/`, below the folder of the options. It is taken as it is, or refused
   * when it would lead out of the folder. Default: made from `options.name`.
   */
  readonly output?: string;
  /**
   * What it must be: `sha256:` and 64 hexadecimal digits, as well `sha512:`, `sha1:`, `md5:`; the
   * digits alone; or `sha256-` and base64 (subresource integrity). Of several, all must hold.
   */
  readonly checksum?: string | readonly string[];
  /** Sent with its requests, besides those of the session. */
  readonly headers?: HeadersInput;
  /** Other places of the same file, tried in turn when one fails. */
  readonly mirrors?: readonly (string | URL)[];
}

/** An item in full. @internal */
export function itemOf(input: DownloadItem | string | URL): DownloadItem {
  if (typeof input === "string" || input instanceof URL) return { url: input };
  if (typeof input !== "object" || input === null || !isUrl(input.url))
    throw wrongType("items", "URLs, or objects with a `url`", input);
  const { output, checksum, mirrors, headers } = input;
  if (output !== undefined && typeof output !== "string")
    throw wrongType("item.output", "a path", output);
  if (checksum !== undefined && typeof checksum !== "string" && !Array.isArray(checksum))
    throw wrongType("item.checksum", "a string, or an array of them", checksum);
  if (mirrors !== undefined && !(Array.isArray(mirrors) && mirrors.every(isUrl)))
    throw wrongType("item.mirrors", "an array of URLs", mirrors);
  if (headers !== undefined && (typeof headers !== "object" || headers === null))
    throw wrongType("item.headers", "an object of headers", headers);
  return input;
}

function isUrl(value: unknown): boolean {
  return typeof value === "string" || value instanceof URL;
}
