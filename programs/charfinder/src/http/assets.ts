/*
 * The style, the script and the icon of the page: three files, read once.
 *
 * Each is served under a name with a hash of what is in it, so that browsers may keep it for ever: another content has
 * another address.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { conditional, NotFound, Reply, type RequestHeaders } from "ambit/web";

import type { AssetAddresses } from "./page.ts";

interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly bytes: Buffer;
}

const TYPES = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const HASH_LENGTH = 12;
const FOR_EVER = "public, max-age=31536000, immutable";

/** What the page is made of, besides the HTML. */
export class Assets {
  readonly addresses: AssetAddresses;
  readonly #byName = new Map<string, Asset>();

  constructor() {
    this.addresses = { style: this.#add("css"), script: this.#add("js"), icon: this.#add("svg") };
  }

  /**
   * The answer to a request for one of them.
   * @throws NotFound when there is none of that name
   */
  answer(
    name: string,
    request: { readonly method: string; readonly headers: RequestHeaders },
  ): Reply {
    const asset = this.#byName.get(name);
    if (asset === undefined) throw new NotFound();
    const { etag, type, bytes } = asset;
    const reply = conditional(request, { etag }) ?? new Reply(bytes, { type });
    reply.headers.set("etag", etag);
    reply.headers.set("cache-control", FOR_EVER);
    return reply;
  }

  #add(extension: keyof typeof TYPES): string {
    const bytes = readFileSync(new URL(`../../assets/charfinder.${extension}`, import.meta.url));
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, HASH_LENGTH);
    const name = `charfinder.${hash}.${extension}`;
    this.#byName.set(name, { type: TYPES[extension], etag: `"${hash}"`, bytes });
    return `/assets/${name}`;
  }
}
