/*
 * Where flags come from: the URLs of one server. They are `{base}/br/br.png` and
 * `{base}/br/metadata.json`, unless the base says where the code goes (`{cc}`, or `{CC}` for
 * upper case): then it is the flag's whole URL, and there is no metadata. `{size}` in a base
 * stands for the width in pixels.
 */
import type { FlagSize } from "./catalogue/flagSize.ts";

/** A server, as the engines see it; plain data, since it is posted to threads. */
export interface Site {
  readonly base: string;
  /** Names in the metadata are known to be distinct, so files can go by the name alone. */
  readonly hasDistinctNames: boolean;
}

/** A site at `base`, with the placeholder for the size filled in. */
export function siteAt(base: string, size: FlagSize, hasDistinctNames: boolean): Site {
  return { base: base.replaceAll("{size}", String(size)).replace(/\/+$/, ""), hasDistinctNames };
}

/** Whether the base is a whole URL with a place for the code. */
export function isTemplate(base: string): boolean {
  return /\{cc\}/i.test(base);
}

export function flagUrl(site: Site, code: string): string {
  const cc = code.toLowerCase();
  if (!isTemplate(site.base)) return `${site.base}/${cc}/${cc}.png`;
  return site.base.replaceAll("{cc}", cc).replaceAll("{CC}", code);
}

export function factsUrl(site: Site, code: string): string {
  return `${site.base}/${code.toLowerCase()}/metadata.json`;
}
