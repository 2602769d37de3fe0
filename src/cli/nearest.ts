/*
 * What somebody meant who mistyped a name: the known name that is the fewest slips away.
 *
 * A slip is a letter too much, too few, another one, or two that changed places (the distance of
 * Damerau and Levenshtein, in its restricted form). More than a third of the letters wrong is no
 * slip any more, but another word.
 */

/** The one of `names` that `word` is most likely meant to be; undefined when none is near. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const slips = name.startsWith(word) && word.length > 1 ? 0 : distance(word, name);
    if (slips < fewest) [best, fewest] = [name, slips];
  }
  return best;
}

function distance(a: string, b: string): number {
  let [before, last]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const other = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(
        (last?.[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last?.[j - 1] ?? 0) + other,
      );
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, (before?.[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [before, last] = [last ?? [], row];
  }
  return last?.[b.length] ?? 0;
}
