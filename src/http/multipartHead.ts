/*
 * The head of one part of a multipart body.
 *
 * Names and file names are written as browsers write them (WHATWG HTML, multipart/form-data): UTF-8
 * as it is, with `"`, CR and LF as %22, %0D and %0A. RFC 7578 (4.2, 5.1) asks for UTF-8 too, and
 * forbids `filename*`. Header names are written in the usual capitals: there are readers that look
 * for no other.
 */
import { type HeaderList, hasHeader, headerList, type HeadersInput } from "./headers.ts";
import { wrongType } from "../core/arguments.ts";
import type { RequestBody } from "./requestBody.ts";

/** What a part says of itself. */
export interface PartOptions {
  /** The name of the file that it is; a part with one is a file to most servers. */
  readonly filename?: string;
  /** In place of what the content brings. */
  readonly contentType?: string;
  /** More headers of the part, `content-disposition` of another kind among them. */
  readonly headers?: HeadersInput;
}

/** The head with the empty line after it; `name` is null outside of forms. @internal */
export function partHead(
  name: string | null,
  content: RequestBody,
  { filename, contentType, headers }: PartOptions,
): string {
  const own = headers === undefined ? [] : headerList("options.headers", headers);
  const list: string[] = [];
  if (!hasHeader(own, "content-disposition")) addDisposition(list, name, filename);
  const type = checkedType(contentType) ?? content.contentType;
  if (type !== null && !hasHeader(own, "content-type")) list.push("content-type", type);
  const encoding = content.contentEncoding ?? null;
  if (encoding !== null) list.push("content-encoding", encoding);
  return written([...list, ...own]);
}

function addDisposition(list: string[], name: string | null, filename: string | undefined): void {
  if (name === null && filename === undefined) return;
  const kind = name === null ? "attachment" : `form-data; name="${escaped("name", name)}"`;
  const file =
    filename === undefined ? "" : `; filename="${escaped("options.filename", filename)}"`;
  list.push("content-disposition", kind + file);
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "%0A", "\r": "%0D", '"': "%22" };

function escaped(parameter: string, text: string): string {
  if (typeof text !== "string") throw wrongType(parameter, "a string", text);
  return text.replace(/[\n\r"]/g, (character) => ESCAPES[character] as string);
}

function checkedType(contentType: string | undefined): string | null {
  if (contentType === undefined) return null;
  // The headers' own check: no line breaks, nothing beyond Latin-1.
  headerList("options.contentType", [["content-type", contentType]]);
  return contentType;
}

function written(list: HeaderList): string {
  let head = "";
  for (let i = 0; i < list.length; i += 2)
    head += `${capital(list[i] as string)}: ${list[i + 1]}\r\n`;
  return `${head}\r\n`;
}

function capital(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
