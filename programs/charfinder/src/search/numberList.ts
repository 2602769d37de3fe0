/*
 * Lists of numbers in order, each number once: what they have in common, and what is in either.
 */

/** The numbers that are in all of the lists; of one list, that list. */
export function inAll(lists: readonly Uint32Array[]): Uint32Array {
  const [shortest, ...others] = [...lists].sort((one, other) => one.length - other.length);
  return others.reduce(inBoth, shortest ?? new Uint32Array(0));
}

/** `few` is the shorter one: when it's much shorter, each of it is looked for in the other. */
function inBoth(few: Uint32Array, many: Uint32Array): Uint32Array {
  const found = new Uint32Array(few.length);
  const isMuchShorter = few.length * 16 < many.length;
  let count = 0;
  let at = 0;
  for (const number of few) {
    if (isMuchShorter) at = placeOf(many, number, at);
    else while (at < many.length && (many[at] as number) < number) at++;
    if (many[at] === number) found[count++] = number;
  }
  return found.subarray(0, count);
}

/** The numbers that are in either list. */
export function inEither(one: Uint32Array, other: Uint32Array): Uint32Array {
  return Uint32Array.from(new Set([...one, ...other])).sort();
}

/** The place of the first number, from `from` on, that is not below `number`. */
export function placeOf(numbers: Uint32Array, number: number, from = 0): number {
  let low = from;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
