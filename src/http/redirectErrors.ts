/*
 * Errors of redirects.
 */
import { InvalidUrlError, type Subject } from "./errors.ts";
import type { ClientResponse } from "./response.ts";
import { ClientResponseError } from "./responseErrors.ts";

/** A redirect leads to no http or https URL. */
export class RedirectUrlError extends InvalidUrlError {
  override readonly name = "RedirectUrlError";
}

/** The server redirected once more than is followed, in a circle perhaps. */
export class TooManyRedirectsError extends ClientResponseError {
  override readonly name = "TooManyRedirectsError";
  /** The redirects that were followed, and the one too many; released. */
  readonly history!: readonly ClientResponse[];

  /** @internal */
  constructor(subject: Subject, history: readonly ClientResponse[]) {
    const { status, statusText } = history.at(-1) as ClientResponse;
    super(subject, status, statusText, `too many redirects: ${history.length - 1} were followed`);
    // Not printed with the error: each has a line of its own only where somebody asks.
    Object.defineProperty(this, "history", { value: history, enumerable: false });
  }
}
