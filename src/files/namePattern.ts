/*
 * NamePattern: which names a pattern means: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]` (`fnmatch`).
 *
 * Strategy: the pattern is taken apart once. A name is gone through from its start; when it fits no further, the last `*`
 * takes one character more, which is enough: so it takes the length of the name times that of the pattern at most, where
 * a regular expression could take any time. Libraries for this (picomatch, minimatch) have the rules of shells, with
 * braces and backslashes, and would find other files than CPython does.
 */

/** One character of a name; null for `*`. */
type Token = ((point: number) => boolean) | null;

/** @internal */
export class NamePattern {
  readonly #tokens: Token[];

  constructor(pattern: string) {
    this.#tokens = tokensOf(pattern);
  }

  matches(name: string): boolean {
    const tokens = this.#tokens;
    let [at, place] = [0, 0];
    let [star, starPlace] = [-1, 0];
    while (at < name.length) {
      const token = tokens[place];
      const point = name.codePointAt(at) as number;
      if (token === null) {
        [star, starPlace] = [at, place++];
      } else if (token?.(point) === true) {
        at += width(point);
        place++;
      } else if (star >= 0) {
        star += width(name.codePointAt(star) as number);
        [at, place] = [star, starPlace + 1];
      } else return false;
    }
    while (tokens[place] === null) place++;
    return place === tokens.length;
  }
}

function width(point: number): number {
  return point > 0xffff ? 2 : 1;
}

function tokensOf(pattern: string): Token[] {
  const points = Array.from(pattern);
  const tokens: Token[] = [];
  for (let i = 0; i < points.length;) {
    const point = points[i++] as string;
    if (point === "*") tokens.push(null);
    else if (point === "?") tokens.push(() => true);
    else {
      const end = point === "[" ? endOfSet(points, i) : -1;
      tokens.push(end < 0 ? same(point) : oneOf(points.slice(i, end)));
      if (end >= 0) i = end + 1;
    }
  }
  return tokens;
}

/** Where the `]` is; -1 for none: then `[` means itself. One that comes first belongs to the set. */
function endOfSet(points: readonly string[], start: number): number {
  const first = points[start] === "!" ? start + 1 : start;
  return points.indexOf("]", first + 1);
}

function same(character: string): Token {
  const wanted = character.codePointAt(0);
  return (point) => point === wanted;
}

function oneOf(set: readonly string[]): Token {
  const negated = set[0] === "!";
  const members = negated ? set.slice(1) : set;
  const ranges: [low: number, high: number][] = [];
  for (let i = 0; i < members.length;) {
    const low = codeOf(members[i] as string);
    const isRange = members[i + 1] === "-" && i + 2 < members.length;
    ranges.push([low, isRange ? codeOf(members[i + 2] as string) : low]);
    i += isRange ? 3 : 1;
  }
  return (point) => ranges.some(([low, high]) => low <= point && point <= high) !== negated;
}

function codeOf(character: string): number {
  return character.codePointAt(0) as number;
}
