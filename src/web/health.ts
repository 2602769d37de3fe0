/*
 * Health: what tells a machine that looks after servers whether this one is alive, and whether it is ready for work.
 *
 * Alive: it answers. Ready: it has started, is not stopping, and what it needs answers too. The first restarts a
 * process, the second only sends requests elsewhere: so what it needs counts for the second alone.
 */
import { CancelledError } from "../core/errors.ts";
import { ambientScope } from "../core/scope.ts";
import { timeout } from "../core/timeouts.ts";
import type { Handler } from "./handler.ts";
import { json } from "./replies.ts";
import type { Reply } from "./reply.ts";

/** Where a server tells how it is. */
export interface HealthOptions {
  /** Default `/healthz`. */
  readonly live?: string;
  /** Default `/readyz`. */
  readonly ready?: string;
  /** What it needs, by name: each throws, or gives false, when that does not answer. */
  readonly checks?: Readonly<Record<string, () => unknown>>;
  /** How long all of them may take together, in milliseconds. Default 2,000. */
  readonly timeout?: number;
}

const NO_STORE = { headers: { "cache-control": "no-store" } };

/** @internal */
export const live: Handler = () => json({ status: "alive" }, NO_STORE);

/** @internal */
export function readiness(options: HealthOptions): Handler {
  const { checks = {}, timeout: patience = 2000 } = options;
  return async ({ app }) => {
    if (app.stopping) return notReady({ status: "stopping" });
    const names = Object.keys(checks);
    if (names.length === 0) return json({ status: "ready" }, NO_STORE);
    const entries = await Promise.all(
      names.map(async (name) => [name, await answer(checks[name] as () => unknown, patience)]),
    );
    const told = { checks: Object.fromEntries(entries) as Record<string, string> };
    const all = entries.every(([, said]) => said === "ready");
    return all
      ? json({ status: "ready", ...told }, NO_STORE)
      : notReady({ status: "not ready", ...told });
  };
}

function notReady(body: object): Reply {
  return json(body, { ...NO_STORE, status: 503 });
}

/** No word of why it failed: who asks may be anybody. */
async function answer(check: () => unknown, patience: number): Promise<string> {
  const before = ambientScope().metCancels();
  try {
    return (await timeout(patience, async () => check())) === false ? "failed" : "ready";
  } catch (error) {
    if (error instanceof CancelledError && ambientScope().metCancels() > before) throw error;
    return "failed";
  }
}
