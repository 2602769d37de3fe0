/*
 * What of an exchange a cassette may keep: no secrets.
 *
 * Strategy: secrets are known by name (headers, query parameters, fields of JSON and forms) and become
 * `***`, the same for every value: a request with another password, or none but the masked one that
 * was replayed, matches all the same. The values that were masked are masked wherever else they turn
 * up as text, in a path or an answer that echoes them. What is needed to go on stays: schemes, names
 * and attributes of cookies.
 * Limits: secrets under names of their own have to be named; bytes that are no text stay as they are.
 */
import { wrongType } from "../core/arguments.ts";
import { readable, type RecordedBody, recordedBytes, recordedText } from "./cassetteFile.ts";
import type { HeaderRecord } from "./headers.ts";
import { isSecretName } from "./redaction.ts";

const MASK = "***";
/** Other values are masked where their name says so, nowhere else: they may be words. */
const TELLING = /^(?=.*[^A-Za-z]).{8,}$/s;

/** Headers whose values are secrets, though their names need not sound so. */
const HEADERS = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie"]);

/** @internal */
export class CassetteMask {
  readonly #names: readonly (string | RegExp)[] | null;
  readonly #values: Set<string>;

  /** @param names more names of secrets; false to mask nothing */
  constructor(names: readonly (string | RegExp)[] | false, values: readonly string[]) {
    if (names !== false && !Array.isArray(names))
      throw wrongType("options.redact", "an array of names, or false", names);
    if (!Array.isArray(values) || values.some((each) => typeof each !== "string" || each === ""))
      throw new TypeError(
        "Expected `options.secrets` to be an array of strings that are not empty",
      );
    this.#names = names === false ? null : names;
    this.#values = new Set(values);
  }

  #isSecret(name: string): boolean {
    if (this.#names === null) return false;
    if (isSecretName(name)) return true;
    const lower = name.toLowerCase();
    return this.#names.some((each) =>
      typeof each === "string" ? each.toLowerCase() === lower : lower.search(each) !== -1,
    );
  }

  /** Remembers a value as a secret; gives what stands for it. */
  #hide(value: string): string {
    if (value === "" || value === MASK) return value;
    if (TELLING.test(value)) this.#values.add(value);
    return MASK;
  }

  url(url: URL): string {
    const masked = new URL(url);
    masked.username = masked.password = masked.hash = "";
    masked.search = this.#query(masked.search);
    return masked.href;
  }

  /** Masks what of a query, or of a URL with one, is secret. */
  #query(text: string): string {
    return text.replace(QUERY, (whole, start: string, name: string, value: string) => {
      if (!this.#isSecret(decoded(name))) return whole;
      this.#hide(decoded(value));
      return start + this.#hide(value);
    });
  }

  headers(headers: HeaderRecord): Record<string, string | string[]> {
    const masked: Record<string, string | string[]> = {};
    for (const name of Object.keys(headers).sort()) {
      const value = headers[name];
      if (value === undefined) continue;
      masked[name] = Array.isArray(value)
        ? value.map((each) => this.#header(name, each))
        : this.#header(name, value);
    }
    return masked;
  }

  #header(name: string, value: string): string {
    if (this.#names === null) return value;
    if (name === "location" || name === "link") return this.#query(value);
    if (!HEADERS.has(name) && !this.#isSecret(name)) return value;
    if (name === "set-cookie")
      return value.replace(/=([^;]*)/, (_, secret: string) => `=${this.#hide(secret)}`);
    if (name === "cookie")
      return value.replace(/=([^;]*)/g, (_, secret: string) => `=${this.#hide(secret)}`);
    const [, scheme = "", secret = ""] = /^([A-Za-z-]+ +)?(.*)$/s.exec(value) ?? [];
    if (/^basic /i.test(scheme)) this.#hide(passwordOf(secret));
    return scheme + this.#hide(secret);
  }

  body(bytes: Uint8Array, type: string): RecordedBody | null {
    const text = readable(bytes);
    if (text === null) return recordedBytes(bytes);
    return recordedText(this.#fields(text, type));
  }

  #fields(text: string, type: string): string {
    if (/\bjson\b/i.test(type) || /^\s*[[{]/.test(text)) {
      return text.replace(JSON_FIELD, (whole, start: string, name: string, value: string) =>
        this.#isSecret(name) ? `${start}"${this.#hide(value)}"` : whole,
      );
    }
    if (!/x-www-form-urlencoded/i.test(type)) return text;
    return this.#query(`?${text}`).slice(1);
  }

  /** The same, with every secret that is known by now masked, whatever its name. */
  everywhere(text: string): string {
    if (this.#names === null) return text;
    let masked = text;
    const longestFirst = [...this.#values].sort((a, b) => b.length - a.length);
    for (const value of longestFirst)
      for (const form of new Set([value, encodeURIComponent(value)]))
        masked = masked.replaceAll(form, MASK);
    return masked;
  }
}

const JSON_FIELD = /("((?:[^"\\]|\\.)*)"\s*:\s*)"((?:[^"\\]|\\.)*)"/g;
const QUERY = /([?&]([^=&#]*)=)([^&#>"]*)/g;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function passwordOf(basic: string): string {
  const text = Buffer.from(basic, "base64").toString("utf8");
  return text.slice(text.indexOf(":") + 1);
}
