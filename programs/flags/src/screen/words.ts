/* Counts, times and sizes in words. */

/** `1 flag`, `2 flags`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** `20 flags, BD to VN`; `1 flag, BR`. */
export function extent(codes: readonly string[]): string {
  const [first, last] = [codes[0], codes.at(-1)];
  return `${count(codes.length, "flag")}, ${first === last ? first : `${first} to ${last}`}`;
}
