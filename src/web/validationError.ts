/*
 * ValidationError: what was sent is understood, and wrong: where, and why.
 */
import { type HttpErrorOptions, UnprocessableContent } from "./httpError.ts";

/** What is wrong with a request, and where. */
export interface ValidationIssue {
  /** `body.items[0].name`, `query.page`, `headers["x-token"]`. */
  readonly path: string;
  readonly message: string;
}

/**
 * 422: understood, and wrong. A client that reads JSON gets `issues` as a list.
 *
 * @example
 * ```ts
 * import { ValidationError } from "ambit/web";
 *
 * const error = new ValidationError([{ path: "body.age", message: "must not be negative" }]);
 * error.status; // => 422
 * error.message; // => "body.age: must not be negative"
 * ```
 */
export class ValidationError extends UnprocessableContent {
  override name = "ValidationError";
  readonly issues: readonly ValidationIssue[];

  constructor(issues: readonly ValidationIssue[], options: HttpErrorOptions = {}) {
    const [first] = issues;
    const more = issues.length > 1 ? `, and ${issues.length - 1} more` : "";
    const words = first === undefined ? "not valid" : `${first.path}: ${first.message}${more}`;
    super(words, { details: { issues }, ...options });
    this.issues = issues;
  }
}
