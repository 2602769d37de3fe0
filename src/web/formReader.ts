/*
 * FormReader: reads the form in a request's body.
 *
 * Strategy: by the media type, `application/x-www-form-urlencoded` or `multipart/form-data`. Files stay in memory while
 * they are small and few, and wait in temporary files otherwise, which go with the request's task.
 */
import { tmpdir } from "node:os";
import type { Task } from "../core/task.ts";
import { Form, type FormValue } from "./form.ts";
import { type FormLimits, formLimits, type FormOptions } from "./formOptions.ts";
import { BadRequest, UnsupportedMediaType } from "./httpError.ts";
import { boundaryOf } from "./multipartBoundary.ts";
import { type Part, partsOf } from "./part.ts";
import type { RequestBody } from "./requestBody.ts";
import type { RequestHeaders } from "./requestHeaders.ts";
import { TemporaryFile } from "./temporaryFile.ts";
import { Upload, type UploadContent } from "./upload.ts";
import { parseUrlencoded } from "./urlencoded.ts";

/** What is needed of a request. @internal */
export interface FormSource {
  readonly headers: RequestHeaders;
  readonly body: RequestBody;
  /** With its end temporary files go. */
  readonly ownTask: Task<unknown> | null;
}

/** All files of a form together may have so many times as much in memory as one. */
const MEMORY_SHARES = 16;

/** @internal */
export const FORM_TYPES = ["application/x-www-form-urlencoded", "multipart/form-data"] as const;

/** Which of the two it is; null when it's no form. @internal */
export function formTypeOf(type: string | null): (typeof FORM_TYPES)[number] | null {
  const [name = ""] = (type ?? "").split(";", 1);
  const plain = name.trim().toLowerCase();
  return FORM_TYPES.find((each) => each === plain) ?? null;
}

/** @internal */
export async function readForm(source: FormSource, options: FormOptions): Promise<Form> {
  const limits = formLimits(options);
  const type = source.headers.get("content-type");
  switch (formTypeOf(type)) {
    case "application/x-www-form-urlencoded":
      return new Form(parseUrlencoded(await source.body.bytes(), limits));
    case "multipart/form-data":
      return new MultipartForm(source, limits).read();
    case null:
      throw new UnsupportedMediaType(`the body is no form, but ${type ?? "of no type"}`, {
        headers: { accept: FORM_TYPES.join(", ") },
      });
  }
}

/** @internal */
export function readParts(source: FormSource, options: FormOptions): AsyncGenerator<Part, void> {
  return openParts(source, formLimits(options));
}

function openParts(source: FormSource, limits: FormLimits): AsyncGenerator<Part, void> {
  const type = source.headers.get("content-type");
  const boundary = boundaryOf(type);
  if (boundary === null)
    throw new UnsupportedMediaType(`the body is not multipart, but ${type ?? "of no type"}`, {
      headers: { accept: "multipart/form-data" },
    });
  const pieces = source.body[Symbol.asyncIterator]();
  return partsOf(
    async () => {
      const step = await pieces.next();
      return step.done === true ? null : step.value;
    },
    boundary,
    limits,
  );
}

class MultipartForm {
  readonly #source: FormSource;
  readonly #limits: FormLimits;
  /** How many bytes of files may still stay in memory. */
  #memory: number;

  constructor(source: FormSource, limits: FormLimits) {
    this.#source = source;
    this.#limits = limits;
    this.#memory = limits.memory * MEMORY_SHARES;
  }

  async read(): Promise<Form> {
    const entries: [string, FormValue][] = [];
    for await (const part of openParts(this.#source, this.#limits)) {
      const { name } = part;
      if (name === null) throw new BadRequest("a part of the form has no name");
      if (part.rawFilename === null) entries.push([name, await part.text()]);
      else {
        const upload = await this.#upload(part, name, part.rawFilename);
        // What browsers send for a field without a file.
        if (upload.size > 0 || upload.rawFilename !== "") entries.push([name, upload]);
      }
    }
    return new Form(entries);
  }

  async #upload(part: Part, name: string, rawFilename: string): Promise<Upload> {
    const { headers } = part;
    const type = headers.get("content-type") ?? "application/octet-stream";
    return new Upload({ name, rawFilename, type, headers }, await this.#content(part));
  }

  async #content(part: Part): Promise<UploadContent> {
    const most = Math.min(this.#limits.memory, this.#memory);
    const pieces: Uint8Array[] = [];
    let size = 0;
    for (let piece = await part.read(); piece !== null; piece = await part.read()) {
      pieces.push(piece);
      size += piece.length;
      if (size > most) return this.#spooled(part, pieces);
    }
    this.#memory -= size;
    // A copy: a piece may be a small window on a large chunk.
    return Buffer.concat(pieces);
  }

  async #spooled(part: Part, pieces: readonly Uint8Array[]): Promise<TemporaryFile> {
    const folder = this.#limits.folder ?? tmpdir();
    const file = await TemporaryFile.create(folder, this.#source.ownTask);
    let whole = false;
    try {
      for (const piece of pieces) await file.write(piece);
      for await (const piece of part) await file.write(piece);
      whole = true;
      return file;
    } finally {
      if (!whole) file.remove();
    }
  }
}
