/*
 * What a pool needs of a database's driver: how connections are opened.
 */
import type { Link } from "./link.ts";
import type { Done } from "./outcome.ts";

/** Opens connections. @internal */
export interface PoolDriver<L extends Link> {
  /** What it connects to, for errors. */
  readonly peer: string;
  /** Opens one; `done` is called once. The result gives it up: `done` is then not called. */
  open(done: Done<L>): () => void;
  /** Ends what it has beside the links. */
  close(): void;
}
