/*
 * SessionKeeper: how a session gets from one request to the next: in the cookie itself, or in a store under its id.
 */
import { createHash } from "node:crypto";
import { Sealer } from "./sealing.ts";
import type { SecretKeys } from "./secretKeys.ts";
import type { SessionRecord } from "./session.ts";
import type { SessionStore } from "./sessionStore.ts";
import { Signer } from "./signing.ts";

/** @internal */
export interface SessionKeeper {
  /** The session that the cookie stands for; null when it stands for none. */
  open(cookie: string): Promise<SessionRecord | null> | SessionRecord | null;
  /**
   * Keeps it for so many milliseconds; gives the value of its cookie, null when it was ended meanwhile. `known` is the id
   * that it was kept under, null when it is new.
   */
  keep(record: SessionRecord, known: string | null, lifetime: number): Kept;
  /** Forgets it. */
  forget(id: string): Promise<void> | void;
}

type Kept = Promise<string | null> | string | null;

/** Sessions that travel: signed, and unreadable if wanted. @internal */
export class CookieKeeper implements SessionKeeper {
  readonly #close: (text: string) => string;
  readonly #open: (cookie: string) => string | null;

  constructor(name: string, keys: SecretKeys, encrypt: boolean) {
    const purpose = `session:${name}`;
    if (encrypt) {
      const sealer = new Sealer(keys, { purpose });
      this.#close = (text) => sealer.seal(text);
      this.#open = (cookie) => sealer.open(cookie);
    } else {
      const signer = new Signer(keys, { purpose });
      this.#close = (text) => signer.sign(Buffer.from(text).toString("base64url"));
      this.#open = (cookie) => plain(signer.verify(cookie));
    }
  }

  open(cookie: string): SessionRecord | null {
    const text = this.#open(cookie);
    return text === null ? null : recordOf(text);
  }

  keep(record: SessionRecord): string {
    return this.#close(textOf(record));
  }

  forget(): void {
    // It's the browser that has it.
  }
}

/** Sessions of which only the id travels. @internal */
export class StoreKeeper implements SessionKeeper {
  readonly #store: SessionStore;

  constructor(store: SessionStore) {
    this.#store = store;
  }

  async open(id: string): Promise<SessionRecord | null> {
    const text = await this.#store.load(keyOf(id));
    return text === null ? null : recordOf(text);
  }

  async keep(
    record: SessionRecord,
    known: string | null,
    lifetime: number,
  ): Promise<string | null> {
    // Ended by another request while this one went on: who has logged out stays out.
    if (known !== null && (await this.#store.load(keyOf(known))) === null) return null;
    await this.#store.save(keyOf(record.id), textOf(record), lifetime);
    if (known !== null && known !== record.id) await this.forget(known);
    return record.id;
  }

  async forget(id: string): Promise<void> {
    await this.#store.remove(keyOf(id));
  }
}

function keyOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}

function plain(encoded: string | null): string | null {
  return encoded === null ? null : Buffer.from(encoded, "base64url").toString();
}

function textOf({ id, created, touched, data }: SessionRecord): string {
  return JSON.stringify([id, created, touched, data]);
}

/** What is read was written by `textOf`: it was signed, or kept where nobody else writes. */
function recordOf(text: string): SessionRecord {
  const [id, created, touched, data] = JSON.parse(text) as [string, number, number, unknown];
  return { id, created, touched, data };
}
