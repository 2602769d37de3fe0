/**
 * An EventSource's parser, from the HTML standard (sections 9.2.5 and 9.2.6): bytes or text come in pieces, events go.
 */
export interface ParsedEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

export class EventParser {
  readonly events: ParsedEvent[] = [];
  /** The reconnection time; null when none was told. */
  retry: number | null = null;
  lastEventId = "";
  readonly #decoder = new TextDecoder();
  #rest = "";
  #data = "";
  #type = "";
  #id = "";

  push(piece: string | Uint8Array): void {
    this.#rest += typeof piece === "string" ? piece : this.#decoder.decode(piece, { stream: true });
    for (;;) {
      const match = /\r\n|\n|\r(?=[^])/.exec(this.#rest);
      if (match === null) return;
      this.#line(this.#rest.slice(0, match.index));
      this.#rest = this.#rest.slice(match.index + match[0].length);
    }
  }

  #line(line: string): void {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const [name, value] =
      colon === -1 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    if (name === "data") this.#data += `${value}\n`;
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
  }

  #dispatch(): void {
    this.lastEventId = this.#id;
    if (this.#data !== "") {
      const data = this.#data.slice(0, -1);
      this.events.push({ type: this.#type || "message", data, lastEventId: this.lastEventId });
    }
    this.#data = this.#type = "";
  }
}
