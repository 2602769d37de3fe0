/*
 * The shape of all authentication by a header, and the simplest kind: a header that never changes.
 */
import { INSPECT } from "../core/inspection.ts";

/** Says who a request is from; what the option `auth` takes. */
export interface Auth {
  /**
   * The `authorization` header for a request to the URL, or null for none. A session asks for the
   * origin that the caller addressed, not where redirects lead.
   */
  authorization(url: URL): string | null | PromiseLike<string | null>;
}

/** @internal */
export class FixedAuth implements Auth {
  readonly #header: string;

  constructor(header: string) {
    this.#header = header;
  }

  authorization(): string {
    return this.#header;
  }

  [INSPECT](): string {
    return `<${this.#header.slice(0, this.#header.indexOf(" "))} ***>`;
  }
}
