/*
 * Link headers: the next page, the last one, what describes this one (RFC 8288).
 *
 * Strategy: the lenient algorithm of the RFC's appendix B: a link that cannot be read ends the
 * header's value, what stands before it counts. Relative URLs are resolved against the URL that
 * answered.
 */
import { decodeExtended } from "./extendedValue.ts";
import { scannedObject, scanParameters } from "./headerParameters.ts";

/** One link of a response. */
export interface Link {
  /** Where it leads: a whole URL. */
  readonly url: string;
  /** What it is to `anchor`, in lower case: `next`, `prev`, `last`. A link that is several things comes several times. */
  readonly rel: string;
  /** What it is a link of: the URL of the response, unless it says otherwise. */
  readonly anchor: string;
  /** What it says of its target to people; null for nothing. */
  readonly title: string | null;
  /** All its parameters as they came, names in lower case: `type`, `hreflang`, `rel`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The links of a response (`aiohttp.ClientResponse.links`), in the order they came.
 *
 * @example
 * ```ts no-run
 * import { ClientSession } from "ambit/http";
 *
 * await using session = new ClientSession();
 * let url: string | undefined = "https://api.github.com/repos/nodejs/node/tags";
 * while (url !== undefined) {
 *   const response = await session.get(url);
 *   console.log(await response.json());
 *   url = response.links.get("next")?.url;
 * }
 * ```
 */
export class Links implements Iterable<Link> {
  readonly #links: readonly Link[];
  readonly #url: string;

  /** @internal */
  constructor(header: string | readonly string[] | undefined, url: string) {
    const values = header === undefined ? [] : typeof header === "string" ? [header] : header;
    this.#url = url;
    this.#links = values.flatMap((value) => linksIn(value, url));
  }

  /** How many there are. */
  get size(): number {
    return this.#links.length;
  }

  /** The first link of that relation that is a link of the response itself; its case does not matter. */
  get(rel: string): Link | undefined {
    const wanted = rel.toLowerCase();
    return this.#links.find((link) => link.rel === wanted && link.anchor === this.#url);
  }

  /** All links, also those of other resources (`anchor`). */
  [Symbol.iterator](): IterableIterator<Link> {
    return this.#links.values();
  }
}

function linksIn(value: string, url: string): Link[] {
  const links: Link[] = [];
  let at = 0;
  for (;;) {
    while (at < value.length && ", \t".includes(value[at] as string)) at++;
    const close = value.indexOf(">", at);
    if (value[at] !== "<" || close === -1) return links;
    const { parameters, end } = scanParameters(value, close + 1, true);
    links.push(...linksOf(value.slice(at + 1, close), scannedObject(parameters), url));
    at = end;
  }
}

/** One per relation: `rel="prev first"` tells two. */
function linksOf(
  target: string,
  parameters: Readonly<Record<string, string>>,
  base: string,
): Link[] {
  const url = resolved(target, base);
  const anchor = resolved(parameters["anchor"] ?? "", base);
  if (url === null || anchor === null) return [];
  const rels = (parameters["rel"] ?? "").toLowerCase().split(/\s+/);
  const title = decodeExtended(parameters["title*"] ?? "") ?? parameters["title"] ?? null;
  return rels
    .filter((rel) => rel !== "")
    .map((rel) => Object.freeze({ url, rel, anchor, title, parameters }));
}

function resolved(target: string, base: string): string | null {
  try {
    return new URL(target, base).href;
  } catch {
    return null;
  }
}
