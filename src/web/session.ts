/*
 * Session: what is kept for one visitor from request to request.
 *
 * Strategy: the data is a plain object, and whether it changed is seen by its JSON, so that a change deep inside counts
 * too. It's only compared when somebody has asked for it.
 */
import { randomBytes } from "node:crypto";
import { INSPECT } from "../core/inspection.ts";

/** A session as it is written down. @internal */
export interface SessionRecord {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** When it was last written. */
  readonly touched: number;
  readonly data: unknown;
}

/** What is to be done with a session once its request is handled. @internal */
export type SessionFate = "keep" | "save" | "destroy" | "nothing";

/**
 * What is kept for one visitor. Change `data` as you like: it is saved after the handler, when it has changed.
 */
export class Session<Data = Record<string, unknown>> {
  /** Whether it began with this request. */
  readonly isNew: boolean;
  /** When it began, in milliseconds since 1970. */
  readonly created: number;
  /** When it was last written. @internal */
  readonly touched: number;
  #id: string;
  #data: Data;
  readonly #before: string;
  #asked = false;
  #replaces: string | null = null;
  #destroyed = false;

  /** @internal */
  constructor(record: SessionRecord | null, initial: () => Data, now: number) {
    this.isNew = record === null;
    this.created = record?.created ?? now;
    this.touched = record?.touched ?? now;
    this.#id = record?.id ?? freshId();
    this.#data = record === null ? initial() : (record.data as Data);
    this.#before = JSON.stringify(this.#data);
  }

  /** 192 random bits, in base64url: a secret, of whoever has it the session is. */
  get id(): string {
    return this.#id;
  }

  /** What is kept: JSON. */
  get data(): Data {
    this.#asked = true;
    return this.#data;
  }

  set data(data: Data) {
    this.#asked = true;
    this.#data = data;
  }

  /** Whether somebody has looked at it: then the answer depends on the cookie. @internal */
  get asked(): boolean {
    return this.#asked;
  }

  /**
   * Goes on under another id, and ends the old one. Call it whenever somebody logs in, logs out or gets other rights: an
   * id that an attacker has planted before is worth nothing then (session fixation).
   */
  regenerate(): void {
    this.#asked = true;
    this.#replaces ??= this.isNew ? "" : this.#id;
    this.#id = freshId();
  }

  /** Ends it: nothing of it is kept, and the browser is told to forget it. */
  destroy(): void {
    this.#asked = true;
    this.#destroyed = true;
  }

  /** The id that it had before `regenerate`, if it was kept under that. @internal */
  get replaces(): string | null {
    return this.#replaces === "" ? null : this.#replaces;
  }

  /** What is to be done with it; `isDue`: whether it would expire too early if it is not written again. @internal */
  fate(isDue: boolean): SessionFate {
    if (this.#destroyed) return this.isNew ? "nothing" : "destroy";
    if (this.#replaces !== null || this.#changed()) return "save";
    if (this.isNew) return "nothing";
    return isDue ? "save" : "keep";
  }

  /** As it is to be written down. @internal */
  record(now: number): SessionRecord {
    return { id: this.#id, created: this.created, touched: now, data: this.#data };
  }

  #changed(): boolean {
    return this.#asked && JSON.stringify(this.#data) !== this.#before;
  }

  /** Not the id, nor the data: both may be secret. @internal */
  [INSPECT](): string {
    return `Session { ${this.isNew ? "new" : "known"}${this.#destroyed ? ", destroyed" : ""} }`;
  }
}

function freshId(): string {
  return randomBytes(24).toString("base64url");
}
