/*
 * Accept-Encoding: in which coding a client would have an answer (RFC 9110, section 12.5.3).
 *
 * Strategy: the highest weight wins, then the order in which the server has the codings: it knows what they cost. A
 * client that says nothing gets the answer as it is. So does one that refuses everything, itself included: a 406 would
 * help nobody.
 */

const CODING =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[\t ]*(?:;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;
/** The header is looked through for each coding; nobody needs more. */
const MOST_CODINGS = 32;

/**
 * The coding of those that the client would rather have than the plain form; null for the plain one.
 * @param codings best first
 * @internal
 */
export function preferredCoding<const T extends string>(
  header: string | null,
  codings: readonly T[],
): T | null {
  if (header === null || header === "") return null;
  const weights = weightsIn(header);
  const others = weights.get("*") ?? 0;
  let best: T | null = null;
  let most = 0;
  for (const coding of codings) {
    const weight = weights.get(coding) ?? others;
    if (weight > most) [best, most] = [coding, weight];
  }
  return (weights.get("identity") ?? 0) > most ? null : best;
}

function weightsIn(header: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const element of header.split(",", MOST_CODINGS)) {
    const match = CODING.exec(element.trim());
    if (match === null) continue;
    const name = (match[1] as string).toLowerCase();
    const known = name === "x-gzip" ? "gzip" : name;
    weights.set(known, match[2] === undefined ? 1 : Number(match[2]));
  }
  return weights;
}
