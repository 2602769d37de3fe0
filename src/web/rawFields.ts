/*
 * Raw fields: headers as node:http hands them over and takes them, a flat list of names and values in turn.
 *
 * Strategy: a look at a name's length comes before one at its letters: hardly any field is what is looked for.
 */

/**
 * How long the body is; null without one, undefined when that is not said. Looks through the raw list: the object of all
 * headers costs more than the rest of an exchange.
 * @internal
 */
export function bodyLength(rawHeaders: readonly string[]): number | undefined | null {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 14 && name.toLowerCase() === "content-length")
      return rawHeaders[at + 1] === "0" ? null : Number(rawHeaders[at + 1]);
    if (name.length === 17 && name.toLowerCase() === "transfer-encoding") return undefined;
  }
  return null;
}

/** Whether the connection is to end with the answer that has these. @internal */
export function saysClose(headers: readonly string[]): boolean {
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    if (name.length === 10 && name.toLowerCase() === "connection")
      return (headers[at + 1] as string).toLowerCase() === "close";
  }
  return false;
}

/** Each field, name and value. @internal */
export function pairs(flat: readonly string[]): [string, string][] {
  const all: [string, string][] = [];
  for (let at = 0; at < flat.length; at += 2)
    all.push([flat[at] as string, flat[at + 1] as string]);
  return all;
}
