/*
 * Ranges of bytes: which parts of an answer a client wants (RFC 9110, section 14).
 *
 * Strategy: what is no range of bytes by the grammar is passed over as a whole, and the answer is sent whole, as section
 * 14.2 has it. Ranges that overlap or touch are joined (section 15.3.7.2), at the place of the first. A request for more
 * than `MOST_RANGES` pieces, or for more bytes in all than there are, is an attack or a mistake (section 17.15), and is
 * answered with the whole.
 */

/** Some bytes: from `start` up to, and without, `end`. @internal */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** More would cost more than the whole: a PDF's reader asks for a handful. */
const MOST_RANGES = 16;
const SPEC = /^(?:(\d+)-(\d*)|-(\d+))$/;

/**
 * The ranges that a `Range` asks for; null when the whole is to be sent, an empty list when there are no such bytes.
 * @internal
 */
export function parseRanges(header: string, size: number): readonly ByteRange[] | null {
  const [, list] = /^bytes=(.*)$/is.exec(header.trim()) ?? [];
  if (list === undefined) return null;
  const specs = list.split(",").map((spec) => spec.replaceAll(/^[\t ]+|[\t ]+$/g, ""));
  const ranges: ByteRange[] = [];
  let asked = 0;
  let total = 0;
  for (const spec of specs) {
    if (spec === "") continue;
    const range = rangeOf(spec, size);
    if (range === null || ++asked > MOST_RANGES) return null;
    if (range.start >= range.end) continue;
    total += range.end - range.start;
    ranges.push(range);
  }
  if (asked === 0 || (total > size && ranges.length > 1)) return null;
  if (ranges.length === 0) return emptyBySuffix(specs, size) ? null : [];
  return ranges.length === 1 ? ranges : joined(ranges);
}

/** An empty one for what lies behind the end; null for what is no range. */
function rangeOf(spec: string, size: number): ByteRange | null {
  const match = SPEC.exec(spec);
  if (match === null) return null;
  const [, first, last, suffix] = match;
  if (first === undefined) return { start: Math.max(0, size - Number(suffix)), end: size };
  const start = Number(first);
  const end = last === "" || last === undefined ? size : Number(last) + 1;
  if (end <= start && last !== "") return null;
  return { start, end: Math.min(end, size) };
}

/** The last bytes of nothing are nothing: there, but no range can say so. */
function emptyBySuffix(specs: readonly string[], size: number): boolean {
  return size === 0 && specs.some((spec) => /^-0*[1-9]/.test(spec));
}

/** Each range in the place of the first that it overlaps or touches. */
function joined(ranges: readonly ByteRange[]): ByteRange[] {
  const apart: ByteRange[] = [];
  for (const range of ranges) {
    let { start, end } = range;
    let place = apart.length;
    for (let at = apart.length - 1; at >= 0; at--) {
      const other = apart[at] as ByteRange;
      if (other.start > end || other.end < start) continue;
      start = Math.min(start, other.start);
      end = Math.max(end, other.end);
      apart.splice(at, 1);
      place = at;
    }
    apart.splice(place, 0, { start, end });
  }
  return apart;
}

/** The value of a `Content-Range`. @internal */
export function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`;
}
