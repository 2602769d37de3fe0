/*
 * Makes a file name of a country's name: letters and digits of any script, dots and hyphens stay,
 * each run of anything else becomes one underscore ("U.S. Virgin Islands" is
 * `U.S._Virgin_Islands`). Names come from a server, so they cannot be trusted to be harmless: no
 * separators, no leading dot, no device names of Windows, no endless length come out of it.
 */
/** A file name without an extension, or `undefined` if nothing usable is left of the name. */
export function fileNameOf(country: string): string | undefined {
  const name = country
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N}.-]+/gu, "_")
    .replace(/^[._-]+|[._-]+$/g, "");
  const short = [...name].slice(0, mostCharacters).join("");
  return short === "" || deviceName.test(short) ? undefined : short;
}

/** Leaves room for the extension in 255 bytes, at up to 4 bytes a character. */
const mostCharacters = 50;

const deviceName = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
