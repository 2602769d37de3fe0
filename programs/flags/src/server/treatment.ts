/*
 * How an embedded server treats a request: how long it dawdles, and what it does wrong.
 *
 * The ERROR server rolls dice for a quarter of errors and a half of delays, but the dice are a
 * hash of the seed, the code and the kind of request. So two runs with one seed meet the same
 * errors, whatever the order of the requests, their concurrency, the engine or the size asked for.
 */
import { createHash } from "node:crypto";

import type { EmbeddedServerName } from "./serverName.ts";

/** What happens to one request. */
export interface Treatment {
  /** Milliseconds before the answer. */
  readonly delay: number;
  readonly fault?: Fault;
}

/**
 * What can go wrong: an honest 503; a connection that is reset before anything is answered; a body
 * that ends halfway through its announced length.
 */
export type Fault = "unavailable" | "reset" | "cut";

/** What a request asks for about a country. */
export type RequestKind = "flag" | "facts";

export type Treat = (kind: RequestKind, code: string) => Treatment;

const faults: readonly Fault[] = ["unavailable", "reset", "cut"];

export function treatmentOf(server: EmbeddedServerName, seed: number): Treat {
  switch (server) {
    case "LOCAL":
      return () => ({ delay: 0 });
    case "DELAY":
      return () => ({ delay: 1000 });
    case "ERROR":
      return (kind, code) => erratic(seed, kind, code);
  }
}

function erratic(seed: number, kind: RequestKind, code: string): Treatment {
  const dice = createHash("sha256").update(`${seed}/${code}/${kind}`).digest();
  const delay = dice.readUInt8(0) < 128 ? 500 : 0;
  const fault = dice.readUInt8(1) < 64 ? faults[dice.readUInt8(2) % faults.length] : undefined;
  return fault ? { delay, fault } : { delay };
}
