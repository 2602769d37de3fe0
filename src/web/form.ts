/*
 * Form: what came in a form, by name.
 *
 * Strategy: shaped as the WHATWG's `FormData`, where that has a word for it; fields and files apart, since whoever asks
 * for one never wants the other. The getters that turn a text into a number, a date or a boolean refuse what is none with
 * the name of the field, as a schema would.
 */
import { INSPECT } from "../core/inspection.ts";
import type { Upload } from "./upload.ts";
import { ValidationError } from "./validationError.ts";

/** A field's text, or a file. */
export type FormValue = string | Upload;

/**
 * The fields and files of a form, in the order that they came in; several may have one name.
 *
 * @example
 * ```ts
 * import { Form } from "ambit/web";
 *
 * const form = new Form([["name", "Zoë"], ["age", "41"], ["tag", "a"], ["tag", "b"]]);
 * form.get("name"); // => "Zoë"
 * form.getAll("tag"); // => ["a", "b"]
 * form.integer("age"); // => 41
 * form.boolean("news", false); // => false
 * ```
 */
export class Form implements Iterable<[string, FormValue]> {
  readonly #entries: readonly (readonly [string, FormValue])[];

  constructor(entries: Iterable<readonly [string, FormValue]> = []) {
    this.#entries = [...entries];
  }

  /** How many fields and files there are. */
  get size(): number {
    return this.#entries.length;
  }

  /** The text of the first field of that name; null without one. */
  get(name: string): string | null {
    for (const [key, value] of this.#entries)
      if (key === name && typeof value === "string") return value;
    return null;
  }

  /** The texts of all fields of that name. */
  getAll(name: string): string[] {
    return this.#entries.flatMap(([key, value]) =>
      key === name && typeof value === "string" ? [value] : [],
    );
  }

  /** The first file of that name; null without one. A field for a file that was left empty has none. */
  file(name: string): Upload | null {
    return this.files(name)[0] ?? null;
  }

  /** The files of that name, or all. */
  files(name?: string): Upload[] {
    return this.#entries.flatMap(([key, value]) =>
      typeof value !== "string" && (name === undefined || key === name) ? [value] : [],
    );
  }

  /** Whether there is a field or a file of that name. */
  has(name: string): boolean {
    return this.#entries.some(([key]) => key === name);
  }

  /**
   * A text that must be there; with `otherwise`, that instead of a missing one.
   * @throws {@link ValidationError} when there is none
   */
  text(name: string, otherwise?: string): string {
    const text = this.get(name) ?? otherwise;
    if (text === undefined) throw wrong(name, "is missing");
    return text;
  }

  /**
   * A number, as JavaScript and HTML write it; with `otherwise`, that instead of a missing or empty one.
   * @throws {@link ValidationError} when it is missing, or no finite number
   */
  number(name: string, otherwise?: number): number {
    const text = this.#filled(name);
    if (text === null) return required(name, otherwise);
    const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
    if (!Number.isFinite(value)) throw wrong(name, "is no number");
    return value;
  }

  /**
   * A whole number; with `otherwise`, that instead of a missing or empty one.
   * @throws {@link ValidationError} when it is missing, or none that can be held exactly
   */
  integer(name: string, otherwise?: number): number {
    const text = this.#filled(name);
    if (text === null) return required(name, otherwise);
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value)) throw wrong(name, "is no whole number");
    return value;
  }

  /**
   * A yes or no: `on`, `true`, `yes` and `1`, or `off`, `false`, `no` and `0`. A checkbox that isn't ticked is not sent
   * at all: give `false` for `otherwise`.
   * @throws {@link ValidationError} when it is missing, or neither
   */
  boolean(name: string, otherwise?: boolean): boolean {
    const text = this.#filled(name);
    if (text === null) return required(name, otherwise);
    if (/^(?:on|true|yes|1)$/i.test(text)) return true;
    if (/^(?:off|false|no|0)$/i.test(text)) return false;
    throw wrong(name, "is neither yes nor no");
  }

  /**
   * A day or a moment, as HTML's `date` and `datetime-local` write it, or with a zone; without a zone it is UTC.
   * @throws {@link ValidationError} when it is missing, or none
   */
  date(name: string, otherwise?: Date): Date {
    const text = this.#filled(name);
    if (text === null) return required(name, otherwise);
    const date = dateIn(text);
    if (date === null) throw wrong(name, "is no date");
    return date;
  }

  /** The names, each once, in the order of the first of each. */
  names(): string[] {
    return [...new Set(this.#entries.map(([name]) => name))];
  }

  /** An object: of a name that comes more than once, a list. Schemas check this. */
  toObject(): Record<string, FormValue | FormValue[]> {
    return grouped(this.#entries);
  }

  [Symbol.iterator](): Iterator<[string, FormValue]> {
    return this.#entries.map(([name, value]): [string, FormValue] => [name, value]).values();
  }

  /** Names alone: values may be secrets. @internal */
  [INSPECT](): string {
    return `Form { ${this.names().join(", ")} }`;
  }

  #filled(name: string): string | null {
    const text = this.get(name)?.trim();
    return text === undefined || text === "" ? null : text;
  }
}

/** Names to values, and to lists of them where there are several. @internal */
export function grouped<T>(entries: Iterable<readonly [string, T]>): Record<string, T | T[]> {
  const all = new Map<string, T | T[]>();
  const lists = new Set<string>();
  for (const [name, value] of entries) {
    const before = all.get(name);
    if (before === undefined) all.set(name, value);
    else if (lists.has(name)) (before as T[]).push(value);
    else {
      all.set(name, [before as T, value]);
      lists.add(name);
    }
  }
  return Object.fromEntries(all);
}

const DATE =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

/** A February 30 is none: Date would make it March. */
function dateIn(text: string): Date | null {
  const [, day, time = "00:00", zone = "Z"] = DATE.exec(text) ?? [];
  if (day === undefined) return null;
  const midnight = new Date(`${day}T00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return null;
  const date = new Date(`${day}T${time}${zone}`);
  return Number.isNaN(date.getTime()) ? null : date;
}

function required<T>(name: string, otherwise: T | undefined): T {
  if (otherwise === undefined) throw wrong(name, "is missing");
  return otherwise;
}

function wrong(name: string, message: string): ValidationError {
  return new ValidationError([{ path: `form.${name}`, message }]);
}
