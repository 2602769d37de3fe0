/*
 * A stretch of a file: what one request fetches of a big one that comes in several.
 */

/** From its first byte to its end, exclusive; `at` is the next byte that is not on the disk. @internal */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  at: number;
}

/**
 * Cuts a file into stretches, at most so many, none but the last shorter than `least`.
 * @internal
 */
export function stretchesOf(length: number, most: number, least: number): Stretch[] {
  const count = Math.max(1, Math.min(most, Math.floor(length / least)));
  const size = Math.ceil(length / count);
  const stretches: Stretch[] = [];
  for (let from = 0; from < length; from += size)
    stretches.push({ from, to: Math.min(length, from + size), at: from });
  return stretches;
}

/** Whether the stretches are a whole file of that length, each with a place inside of it. @internal */
export function coverAll(stretches: readonly Stretch[], length: number | null): boolean {
  let end = 0;
  for (const { from, to, at } of stretches) {
    if (from !== end || to <= from || at < from || at > to) return false;
    end = to;
  }
  return end === length;
}

/** How many bytes of them are there. @internal */
export function bytesIn(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { from, at }) => sum + at - from, 0);
}
