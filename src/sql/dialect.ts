/*
 * How the text of a statement differs between databases: parameters and quoted names.
 */

/** @internal */
export interface Dialect {
  /** What stands for the parameter with this number, from 1. */
  placeholder(number: number): string;
  /** A name, quoted so that it is nothing but a name. */
  quote(name: string): string;
}

/** Quotes with a character that is doubled inside. @internal */
export function quoted(name: string, quote: string): string {
  return quote + name.replaceAll(quote, quote + quote) + quote;
}
