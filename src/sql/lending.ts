/*
 * Who lends a link for one piece of work: a pool, a connection, a transaction.
 */
import type { Link } from "./link.ts";
import type { PoolSettings } from "./poolOptions.ts";

/** @internal */
export interface Lending {
  readonly settings: PoolSettings;
  /** The link, if it is there at once. */
  lendNow(): Link | null;
  /** The link, after waiting for it. */
  lend(): Promise<Link>;
  takeBack(link: Link): void;
  /** What was done on the link has failed. */
  failed(error: unknown): void;
}
