/*
 * The state errors of the primitives, one class each. What callers hand in wrongly is a TypeError or a RangeError.
 */

/** Thrown when a lock is released, or a condition used, that nobody holds; asyncio raises RuntimeError. */
export class LockNotHeldError extends Error {
  override readonly name = "LockNotHeldError";
}

/** Thrown by {@link BoundedSemaphore.release} when every permit is back already; asyncio raises ValueError. */
export class TooManyReleasesError extends Error {
  override readonly name = "TooManyReleasesError";
}

/** Thrown out of {@link Barrier.wait} when the barrier is aborted, or is reset while tasks wait at it. */
export class BrokenBarrierError extends Error {
  override readonly name = "BrokenBarrierError";
}

/** Thrown when a borrower that has a token of a {@link CapacityLimiter}, or waits for one, asks for another. */
export class AlreadyBorrowingError extends Error {
  override readonly name = "AlreadyBorrowingError";
}

/** Thrown when a token of a {@link CapacityLimiter} is given back for somebody who has none. */
export class NotBorrowingError extends Error {
  override readonly name = "NotBorrowingError";
}
