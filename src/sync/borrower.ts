/*
 * Who borrows a token of a capacity limiter, and what is said of it.
 */
import { inspect } from "node:util";
import { wrongType } from "../core/arguments.ts";
import { Task } from "../core/task.ts";
import { AlreadyBorrowingError, NotBorrowingError } from "./errors.ts";

/** A task, or an object that stands for one; null for code outside any task, which is one borrower. @internal */
export type Borrower = object | null;

/** @internal */
export function expectBorrower(borrower: unknown): void {
  if (typeof borrower !== "object" || borrower === null)
    throw wrongType("borrower", "an object", borrower);
}

/** @internal */
export function alreadyBorrowing(limiter: string, borrower: Borrower): AlreadyBorrowingError {
  return new AlreadyBorrowingError(
    `acquire on ${limiter} by ${nameOf(borrower)}, which has a token or waits for one: ` +
      "use a Semaphore, or acquireOnBehalfOf() with an object for each token",
  );
}

/** @internal */
export function notBorrowing(limiter: string, borrower: Borrower): NotBorrowingError {
  return new NotBorrowingError(
    `release on ${limiter} by ${nameOf(borrower)}, which has no token: ` +
      "release once for each acquire, for the same borrower",
  );
}

function nameOf(borrower: Borrower): string {
  if (borrower === null) return "code outside any task";
  return borrower instanceof Task ? `task '${borrower.name}'` : inspect(borrower, { depth: 0 });
}
