/*
 * Numbers for people: counts, bytes, times.
 */

/** `1,234,567`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 file`, `1,200 files`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

const UNITS = ["kB", "MB", "GB", "TB", "PB"];

/** `999 B`, `1.2 kB`, `34.5 MB`: three digits or more, k is 1000. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  let [value, unit] = [bytes, -1];
  // 999,950 is rounded to 1000.0: that is the next unit's.
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** A time that something took: `80 ms`, `2.5 s`, `1:05`, `2:00:00`. */
export function elapsedInWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 59_950 ? `${(ms / 1000).toFixed(1)} s` : clock(ms);
}

/** A time to come, in whole seconds: `0:05`, `12:34`, `1:00:00`. */
export function clock(ms: number): string {
  const all = Math.max(0, Math.round(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const end = String(seconds).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${end}` : `${minutes}:${end}`;
}
