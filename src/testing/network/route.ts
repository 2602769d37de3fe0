/*
 * ConnectionRoute: one direction of one connection, over a link; it tells the trace what is sent.
 */
import type { Route } from "../pipe.ts";
import type { Link } from "./link.ts";

/** How long a kernel sends again what nobody acknowledges: Linux's 15 retries, in milliseconds. */
const PATIENCE = 924_600;

/** @internal */
export class ConnectionRoute implements Route {
  readonly patience = PATIENCE;
  readonly note: (what: string) => void;
  readonly #link: Link;

  constructor(link: Link, note: (what: string) => void) {
    this.#link = link;
    this.note = note;
  }

  get isCut(): boolean {
    return this.#link.isCut;
  }

  arrival(bytes: number, now: number): number {
    return this.#link.arrival(bytes, now);
  }
}
