/*
 * Arrays as PostgreSQL writes them: `{1,NULL,"a \"b\""}`, nested for more dimensions, with bounds before it where they
 * are not from 1 (`[0:1]={7,8}`).
 */
import type { TypeParser } from "./typeParser.ts";

/** @internal */
export function parseArray(text: string, parser: TypeParser): unknown[] {
  const start = text.startsWith("[") ? text.indexOf("=") + 1 : 0;
  return new ArrayText(text, start, parser).array();
}

class ArrayText {
  readonly #text: string;
  readonly #parser: TypeParser;
  #at: number;

  constructor(text: string, start: number, parser: TypeParser) {
    this.#text = text;
    this.#at = start;
    this.#parser = parser;
  }

  array(): unknown[] {
    const items: unknown[] = [];
    this.#at++; // {
    while (this.#text[this.#at] !== "}") {
      if (this.#at >= this.#text.length) throw new SyntaxError("the text of an array has no end");
      items.push(this.#item());
      if (this.#text[this.#at] === ",") this.#at++;
    }
    this.#at++;
    return items;
  }

  #item(): unknown {
    const first = this.#text[this.#at];
    if (first === "{") return this.array();
    if (first === `"`) return this.#parser(this.#quoted());
    const begin = this.#at;
    while (!",}".includes(this.#text[this.#at] ?? "}")) this.#at++;
    const word = this.#text.slice(begin, this.#at);
    return word === "NULL" ? null : this.#parser(word);
  }

  #quoted(): string {
    let result = "";
    this.#at++;
    for (let next = this.#text[this.#at]; next !== `"`; next = this.#text[this.#at]) {
      if (next === undefined) throw new SyntaxError("the text of an array has no end");
      if (next === "\\") this.#at++;
      result += this.#text[this.#at];
      this.#at++;
    }
    this.#at++;
    return result;
  }
}
