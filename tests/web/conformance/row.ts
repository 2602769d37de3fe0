/*
 * A row of the table: bytes, and what a server must make of them.
 */

/** What an answer must be like. */
export interface Expected {
  /** One of these. */
  readonly status: number | readonly number[];
  readonly body?: string | RegExp;
  /** By name in lower case; null for one that may not be there. */
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  readonly trailers?: Readonly<Record<string, string>>;
  /** Whether it may be left out. */
  readonly optional?: true;
}

export interface Row {
  /** Where it is written: `RFC 9112, 3.2`. */
  readonly section: string;
  /** What a server does, as a sentence. */
  readonly rule: string;
  /** Each piece is sent by itself. */
  readonly send: string | readonly string[];
  /** The methods of the requests in it, where one of them is HEAD. */
  readonly methods?: readonly string[];
  /** All answers, informational ones included, in order. A number is a status. */
  readonly answers: readonly (number | readonly number[] | Expected)[];
  /**
   * What becomes of the connection: `kept` for the next request; `closed`; `finished`: closed, after the client said
   * that no more will come; `any`: the rules leave it to the server.
   */
  readonly then: "kept" | "closed" | "finished" | "any";
  /**
   * The first version of node:http's parser (llhttp) that keeps to the rule, where only the parser can: Node.js 20.18 has
   * 8, all later ones 9.
   */
  readonly parser?: number;
  /** Whether nothing may be answered before the last piece was sent. */
  readonly waits?: boolean;
}

export const HOST = "Host: a.example\r\n";

/** A head: a request line, fields that each end with CRLF, and the empty line. */
export function head(line: string, fields: string = HOST): string {
  return `${line}\r\n${fields}\r\n`;
}

/** A GET of `target`. */
export function get(target = "/", fields = ""): string {
  return head(`GET ${target} HTTP/1.1`, HOST + fields);
}

/** A POST to `/echo`, with the fields given and then the body as it is. */
export function post(fields: string, body: string, target = "/echo"): string {
  return head(`POST ${target} HTTP/1.1`, HOST + fields) + body;
}

/** A POST to `/echo` in chunks, written by hand. */
export function chunked(body: string, fields = ""): string {
  return post(`Transfer-Encoding: chunked\r\n${fields}`, body);
}

/** Refused with one answer, and nothing that follows is heard any more. */
export function refused(
  section: string,
  rule: string,
  send: Row["send"],
  status: number | readonly number[] = 400,
): Row {
  return {
    section,
    rule,
    send,
    answers: [{ status, headers: { connection: "close" } }],
    then: "closed",
  };
}

/** Served, and the connection is kept. */
export function served(
  section: string,
  rule: string,
  send: Row["send"],
  answer: number | Expected = 200,
): Row {
  return { section, rule, send, answers: [answer], then: "kept" };
}

/** What the rules neither allow nor forbid to serve: refused, or served as if it were right. */
export function tolerable(section: string, rule: string, send: Row["send"]): Row {
  return { section, rule, send, answers: [[200, 400]], then: "any" };
}
