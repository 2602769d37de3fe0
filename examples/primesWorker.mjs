// What the threads of primes.ts run.
import { cancelRequested } from "../dist/futures/index.js";

/**
 * Counts the primes below a number. It never awaits, and looks now and then whether it is still wanted.
 * @param {number} below
 * @param {(upTo: number) => void} [report]
 */
export function countPrimes(below, report) {
  let found = below > 2 ? 1 : 0;
  for (let n = 3; n < below; n += 2) {
    if (isPrime(n)) found++;
    if (n % 65536 !== 1) continue;
    report?.(n);
    if (cancelRequested()) return found;
  }
  return found;
}

/** @param {number} from */
export function* primesFrom(from) {
  for (let n = Math.max(2, from); ; n++) if (isPrime(n)) yield n;
}

/** @param {number} n */
function isPrime(n) {
  if (n % 2 === 0) return n === 2;
  for (let by = 3; by * by <= n; by += 2) if (n % by === 0) return false;
  return n > 1;
}
