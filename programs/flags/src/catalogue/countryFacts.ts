/*
 * What `--meta` fetches about a country, in the JSON shape that the embedded servers answer with.
 * The facts are those of the npm package `countries-list`; the few flags that it has no entry for
 * (EU, AN, the parts of GB) have the name alone.
 */
import { countries, languages, type TCountryCode } from "countries-list";

import type { FlagImages } from "./flagImages.ts";

/** Facts about a country, as JSON; only the code and the name are always there. */
export interface CountryFacts {
  readonly code: string;
  readonly name: string;
  readonly native?: string;
  readonly capital?: string;
  readonly continent?: string;
  readonly currencies?: readonly string[];
  readonly languages?: readonly string[];
  readonly callingCodes?: readonly number[];
}

/** The facts about `code` (upper case), or `undefined` for a code without a flag. */
export function countryFacts(code: string, images: FlagImages): CountryFacts | undefined {
  const name = images.name(code);
  if (name === undefined) return undefined;
  if (!Object.hasOwn(countries, code)) return { code, name };
  const country = countries[code as TCountryCode];
  return {
    code,
    name: country.name,
    native: country.native,
    capital: country.capital,
    continent: country.continent,
    currencies: country.currency,
    languages: country.languages.map((tongue) => languages[tongue].name),
    callingCodes: country.phone,
  };
}
