/*
 * The `application/x-www-form-urlencoded` format, by the WHATWG's URL Standard (section 5.1).
 *
 * Strategy: works on bytes, as the standard does, held in a string of Latin-1: a value's bytes are put together, from
 * what came plain and what came percent-encoded, before they are read as UTF-8.
 */
import { PayloadTooLarge } from "./httpError.ts";
import type { FormLimits } from "./formOptions.ts";

/**
 * The names and values of a form.
 * @throws {@link PayloadTooLarge} for more fields, or larger ones, than the limits allow
 * @internal
 */
export function parseUrlencoded(body: Uint8Array, limits: FormLimits): [string, string][] {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const fields: [string, string][] = [];
  for (let from = 0; from < text.length;) {
    const end = text.indexOf("&", from);
    const to = end === -1 ? text.length : end;
    if (to > from) {
      if (fields.length === limits.parts)
        throw new PayloadTooLarge(limits.parts, `the form has more than ${limits.parts} fields`);
      fields.push(fieldIn(text, from, to, limits.fieldSize));
    }
    from = to + 1;
  }
  return fields;
}

function fieldIn(text: string, from: number, to: number, most: number): [string, string] {
  const equals = text.indexOf("=", from);
  const split = equals === -1 || equals > to ? to : equals;
  const name = decoded(text.slice(from, split));
  if (to - split - 1 > 3 * most) throw tooLarge(name, most);
  const value = decoded(text.slice(split + 1, to));
  if (value.length > most || Buffer.byteLength(value) > most) throw tooLarge(name, most);
  return [name, value];
}

function decoded(text: string): string {
  const plain = text
    .replaceAll("+", " ")
    .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(plain, "latin1").toString();
}

function tooLarge(name: string, most: number): PayloadTooLarge {
  return new PayloadTooLarge(most, `the field ${name} of the form is larger than ${most} bytes`);
}
