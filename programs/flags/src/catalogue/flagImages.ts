/*
 * The flags of the npm package `svg-country-flags`: one PNG per code and size, and a name per
 * code. Read straight from the installed package, each image at most once a run; an unknown code
 * is `undefined`, never an exception.
 *
 * The codes are those of ISO 3166-1, with a few more that have flags: EU, XK, the historical AN,
 * and GB-ENG, GB-NIR, GB-SCT, GB-WLS.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import type { FlagSize } from "./flagSize.ts";

/** The flags that are at hand, by code and size. */
export class FlagImages {
  readonly #folder = dirname(
    createRequire(import.meta.url).resolve("svg-country-flags/package.json"),
  );
  readonly #read = new Map<string, Uint8Array>();
  #codes: readonly string[] | undefined;
  #names: Readonly<Record<string, string>> | undefined;

  /** All codes that have a flag, in upper case, sorted. */
  get codes(): readonly string[] {
    this.#codes ??= readdirSync(this.#pngFolder(100))
      .filter((file) => file.endsWith(".png"))
      .map((file) => file.slice(0, -".png".length).toUpperCase())
      .sort();
    return this.#codes;
  }

  /** The flag of `code` (upper case), as a PNG file. */
  image(code: string, size: FlagSize): Uint8Array | undefined {
    if (!this.codes.includes(code)) return undefined;
    const file = join(this.#pngFolder(size), `${code.toLowerCase()}.png`);
    const known = this.#read.get(file);
    if (known) return known;
    const image = readFileSync(file);
    this.#read.set(file, image);
    return image;
  }

  /** The English name that goes with `code` (upper case). */
  name(code: string): string | undefined {
    this.#names ??= JSON.parse(
      readFileSync(join(this.#folder, "countries.json"), "utf8"),
    ) as Record<string, string>;
    return Object.hasOwn(this.#names, code) ? this.#names[code] : undefined;
  }

  #pngFolder(size: FlagSize): string {
    return join(this.#folder, `png${size}px`);
  }
}
