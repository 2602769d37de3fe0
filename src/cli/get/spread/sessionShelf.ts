/*
 * The HTTP clients of a worker, one for each manner of asking, so that the files of a run share connections.
 *
 * What is not used any more is closed a while later: a run asks for its next file soon, and a worker sees many runs.
 */
import type { TimerHandle } from "../../../core/clock.ts";
import { getRunningLoop } from "../../../core/scope.ts";
import type { ConnectorOptions } from "../../../http/connectorOptions.ts";
import { nodeTls } from "../../../http/nodeTls.ts";
import { ClientSession } from "../../../http/session.ts";
import type { ClientManner } from "./fileOrder.ts";

/** How long one stays that is not used, in milliseconds. */
const IDLE = 15_000;

interface Kept {
  readonly session: ClientSession;
  users: number;
  timer: TimerHandle | null;
}

/** Clients by their manner. */
export class SessionShelf {
  readonly #kept = new Map<string, Kept>();
  readonly #closing = new Set<Promise<void>>();

  /** The one for that manner; see {@link SessionShelf.giveBack}. */
  take(manner: ClientManner): ClientSession {
    const key = JSON.stringify(manner);
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      kept = { session: sessionOf(manner), users: 0, timer: null };
      this.#kept.set(key, kept);
    }
    kept.timer?.cancel();
    kept.timer = null;
    kept.users++;
    return kept.session;
  }

  /** A file is done with it. */
  giveBack(manner: ClientManner): void {
    const key = JSON.stringify(manner);
    const kept = this.#kept.get(key);
    if (kept === undefined || --kept.users > 0) return;
    const loop = getRunningLoop();
    kept.timer = loop.schedule(loop.time() + IDLE, () => this.#drop(key, kept), null);
  }

  #drop(key: string, { session, timer }: Kept): void {
    timer?.cancel();
    this.#kept.delete(key);
    const closed = session.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  /** Closes all. */
  async close(): Promise<void> {
    for (const [key, kept] of this.#kept) this.#drop(key, kept);
    await Promise.all(this.#closing);
  }
}

function sessionOf(manner: ClientManner): ClientSession {
  const { headers, timeout, proxy, user } = manner;
  return new ClientSession({
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    timeout: {
      total: timeout.total === 0 ? Infinity : timeout.total,
      socketConnect: timeout.connect,
      socketRead: timeout.socketRead,
    },
    proxy,
    cookies: false,
    connector: connectorOf(manner),
    ...(user === null ? {} : { auth: { login: user.name, password: user.password } }),
  });
}

function connectorOf({ http2, insecure, authorities }: ClientManner): ConnectorOptions {
  const limits = { limit: 0, http2 };
  if (authorities === null)
    return insecure ? { ...limits, tls: { rejectUnauthorized: false } } : limits;
  const ca = [...nodeTls().rootCertificates, authorities];
  return { ...limits, tls: { rejectUnauthorized: !insecure, ca } };
}
