/*
 * safeEqual: compares secrets without telling by the time it takes how much of them is right.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const KEY = randomBytes(32);

/**
 * Whether two texts are the same. It takes as long for one that is nearly right as for one that is all wrong, also when
 * they differ in length.
 *
 * @example
 * ```ts
 * import { safeEqual } from "ambit/web";
 *
 * safeEqual("swordfish", "swordfish"); // => true
 * safeEqual("swordfish", "sword"); // => false
 * ```
 */
export function safeEqual(one: string, other: string): boolean {
  // What is compared is of one length, and of bytes that nobody outside can choose.
  return timingSafeEqual(digestOf(one), digestOf(other));
}

function digestOf(text: string): Buffer {
  return createHmac("sha256", KEY).update(text).digest();
}
